// Whether a descriptor refers to a regular file.
#pragma once

#include <sys/stat.h>

#include "look.h"

namespace caio {

// Asks no server: a file's type does not change.
inline bool IsRegularFile(int fd) {
#ifdef STATX_TYPE
  struct statx known;
  return Look(fd, STATX_TYPE, known) && S_ISREG(known.stx_mode);
#else
  struct stat file;
  return fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
#endif
}

}  // namespace caio
