#include "brief.h"

#include <fcntl.h>

#include "../support/platform.h"

namespace caio {

namespace {

// Bytes of a file whose pages and blocks are given back in about 100 us.
constexpr uint64_t kBriefContent = 4 * 1024 * 1024;
// Bytes of a directory that is read in about as long.
constexpr uint64_t kBriefDirectory = 64 * 1024;

bool IsSmaller(const char* path, int fd, uint64_t most) {
  uint64_t size, names;
  return !LookAtSize(path, fd, &size, &names) || size <= most;
}

// Whether the file has a name left, or is small: the last close gives its blocks back.
bool IsClosedBriefly(int fd) {
  uint64_t size, names;
  return !LookAtSize(nullptr, fd, &size, &names) || names > 0 || size <= kBriefContent;
}

}  // namespace

bool IsBrief(const Request& request) {
  switch (request.opcode) {
    case Opcode::kClose: return IsClosedBriefly(request.fd);
    case Opcode::kFtruncate: return IsSmaller(nullptr, request.fd, kBriefContent);
    case Opcode::kUnlink:
    case Opcode::kTruncate: return IsSmaller(request.path.get(), -1, kBriefContent);
    case Opcode::kRename: return IsSmaller(request.other_path, -1, kBriefContent);
    case Opcode::kReaddir: return IsSmaller(request.path.get(), -1, kBriefDirectory);
    case Opcode::kOpen: return (request.names.flags & O_TRUNC) == 0 || IsSmaller(request.path.get(), -1, kBriefContent);
    default: return true;
  }
}

}  // namespace caio
