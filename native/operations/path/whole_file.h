// Reads or writes a whole file by its path in one hop: open, fstat, transfer, close.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. A plain negative errno: the file cannot be read or written this way, and nothing has
// changed. -EOPNOTSUPP for anything but a regular file (and, for a read, one of known size), which
// is never opened: opening a FIFO has effects.
//
// kReadFile: bytes read into the request's memory; or, if the file is larger, its size, with
// nothing read. kWriteFile: bytes written, always all of them. Unless appended to, the file then
// has that length: it is written in place and cut off afterwards, since O_TRUNC makes ext4 write
// everything back at close.
int64_t PerformWholeFile(Request& request);

}  // namespace caio
