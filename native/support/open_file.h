// open(2), which may wait: for a disk, a server, or the reader of a pipe.
#pragma once

#include <fcntl.h>

#include "checked.h"

namespace caio {

// A descriptor, or a negative errno.
inline int OpenFile(const char* path, int flags, mode_t mode) {
  return static_cast<int>(Uninterrupted([=] { return open(path, flags | O_CLOEXEC, mode); }));
}

}  // namespace caio
