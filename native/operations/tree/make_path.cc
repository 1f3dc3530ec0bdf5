#include "make_path.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "../../support/is_directory.h"
#include "failure.h"

namespace caio {

namespace {

// For these errors Node reports ENOENT, since it then checks whether the path exists.
bool IsOfFileSystem(int error) { return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO; }

}  // namespace

int64_t MakePath(const char* path, mode_t mode, char* memory, size_t capacity) {
  std::vector<Text> missing{Text(path)};
  Text first;
  while (!missing.empty()) {
    const Text next = missing.back();
    if (Repeated([&] { return mkdir(next.c_str(), mode); }) == 0) {
      if (first.size() == 0) first = next;
      missing.pop_back();
      continue;
    }
    const int error = errno;
    if (error == EEXIST && IsDirectory(next.c_str())) {
      missing.pop_back();
      continue;
    }
    const char* slash = strrchr(next.c_str(), '/');
    if (error == ENOENT && first.size() == 0 && slash && slash > next.c_str()) {
      missing.emplace_back(next.c_str(), static_cast<size_t>(slash - next.c_str()));
      continue;
    }
    if (first.size() == 0 && !IsOfFileSystem(error)) return -EAGAIN;
    TellFailure(error, "mkdir", next, memory, capacity);
    return tree_result::kFailed;
  }
  if (first.size() == 0) return tree_result::kDone;
  const size_t length = std::min(first.size(), capacity - 1);
  memcpy(memory, first.c_str(), length);
  memory[length] = '\0';
  return tree_result::kMade;
}

}  // namespace caio
