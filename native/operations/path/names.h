// What is done to a name, or to what it names, besides moving a file's bytes.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. 0, or how much is in the request's memory: bytes of text, or entries of a directory. After a negative errno nothing has been
// changed, except that copyFile removes a target that it could not fill, even one that existed before. -EOVERFLOW: the memory is too small
// for the reply, or the directory does not give the types of its entries. For a tree, see the operation in ../tree: kUnfinished, too.
int64_t PerformPath(Request& request);

// Blocks. 0 or a negative errno.
int64_t PerformTimes(const Request& request);

}  // namespace caio
