// What is done to a name, or to what it names, besides moving a file's bytes.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. 0, or what is in the request's memory: bytes of text, entries of a directory; or a negative errno, and then nothing has been
// changed, but that copyFile removes a file that it could not fill, whatever that was before. -EOVERFLOW where the memory is too small for
// the reply, or the directory does not say what its entries are. Of a tree, what ../tree says of the operation: kUnfinished, too.
int64_t PerformPath(Request& request);

// Blocks. 0 or a negative errno.
int64_t PerformTimes(const Request& request);

}  // namespace caio
