// Operations on a path, other than moving a file's bytes.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. 0, or the amount in the request's memory: bytes of text, or directory entries. After a
// negative errno nothing has changed, except that copyFile removes a target that it could not fill,
// even one that existed before. -EOVERFLOW: the memory is too small for the reply, or the directory
// does not give the types of its entries. Operations of ../tree may also return kUnfinished.
int64_t PerformPath(Request& request);

// Blocks. 0 or a negative errno.
int64_t PerformTimes(const Request& request);

}  // namespace caio
