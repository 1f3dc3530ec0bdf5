// Whether a descriptor stands for a regular file.
#pragma once

#include <sys/stat.h>

#include "look.h"

namespace caio {

// Does not ask the file's server: a file's kind does not change.
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
