#include "make_path.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

namespace caio {

namespace {

bool IsDirectory(const char* path) {
  struct stat file;
  return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

}  // namespace

int64_t MakePath(const char* path, mode_t mode, char* reply, size_t capacity) {
  std::vector<std::string> missing{path};
  std::vector<std::string> made;
  // Its caller is to find all as it was, and fail as it would have.
  const auto give_up = [&] {
    for (size_t at = made.size(); at > 0; at--) rmdir(made[at - 1].c_str());
    return -EAGAIN;
  };
  while (!missing.empty()) {
    const std::string next = missing.back();
    if (mkdir(next.c_str(), mode) == 0) {
      made.push_back(next);
      missing.pop_back();
      continue;
    }
    if (errno == ENOENT) {
      const size_t slash = next.find_last_of('/');
      // Made a moment ago, and gone.
      if (slash == std::string::npos || slash == 0 || !made.empty()) return give_up();
      missing.push_back(next.substr(0, slash));
      continue;
    }
    if (errno != EEXIST || !IsDirectory(next.c_str())) return give_up();
    missing.pop_back();
  }
  if (made.empty()) return 0;
  if (made[0].size() > capacity) return give_up();
  memcpy(reply, made[0].data(), made[0].size());
  return static_cast<int64_t>(made[0].size());
}

}  // namespace caio
