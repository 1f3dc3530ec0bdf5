// What is done to a name, or to what it names, besides moving a file's bytes.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. 0, or what is in the request's memory: bytes of text, entries of a directory; or a negative errno, and then nothing has been
// changed. -EOVERFLOW where the memory is too small for the reply, or the directory does not say what its entries are.
int64_t PerformPath(Request& request);

}  // namespace caio
