// A file read or written by its path, all in one hop: open, fstat, the bytes, close.
#pragma once

#include "../../request/request.h"

namespace caio {

// Blocks. A plain negative errno means that the file cannot be had this way, and nothing has been changed. It is -EOPNOTSUPP for
// anything but a regular file (and, to be read, one of a known size), which is never opened: opening a FIFO has effects.
//
// kReadFile: the bytes read into the request's memory; or, if the file is larger than that, its size, and nothing is read.
// kWriteFile: the bytes written, which are all, and unless they were appended the file has that length. It is written in place
// and cut off afterwards, since O_TRUNC makes ext4 write everything back at close.
int64_t PerformWholeFile(Request& request);

}  // namespace caio
