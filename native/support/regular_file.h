// What kind of file a descriptor stands for.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

namespace caio {

// Does not ask the file's server: a file's kind does not change.
inline bool IsRegularFile(int fd) {
#ifdef STATX_TYPE
  struct statx known;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &known) == 0) return S_ISREG(known.stx_mode);
  return false;
#else
  struct stat file;
  return fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
#endif
}

}  // namespace caio
