#include "make_path.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "../../request/protocol.h"
#include "failure.h"

namespace caio {

namespace {

bool IsDirectory(const char* path) {
  struct stat file;
  return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

}  // namespace

int64_t MakePath(const char* path, mode_t mode, char* memory, size_t capacity) {
  std::vector<std::string> missing{path};
  std::string first;
  while (!missing.empty()) {
    const std::string next = missing.back();
    if (mkdir(next.c_str(), mode) == 0) {
      if (first.empty()) first = next;
      missing.pop_back();
      continue;
    }
    const int error = errno;
    if (error == EEXIST && IsDirectory(next.c_str())) {
      missing.pop_back();
      continue;
    }
    const size_t slash = next.find_last_of('/');
    if (error == ENOENT && first.empty() && slash != std::string::npos && slash > 0) {
      missing.push_back(next.substr(0, slash));
      continue;
    }
    if (first.empty()) return -EAGAIN;
    TellFailure(error, "mkdir", next, memory, capacity);
    return tree_result::kFailed;
  }
  if (first.empty()) return tree_result::kDone;
  const size_t length = std::min(first.size(), capacity - 1);
  memcpy(memory, first.data(), length);
  memory[length] = '\0';
  return tree_result::kMore;
}

}  // namespace caio
