// Whether a path leads to a directory.
#pragma once

#include <sys/stat.h>

namespace caio {

inline bool IsDirectory(const char* path) {
  struct stat file;
  return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

}  // namespace caio
