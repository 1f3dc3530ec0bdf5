#include "brief.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../support/platform.h"

namespace caio {

namespace {

// Bytes of a file whose pages and blocks are given back, or written, in about 100 us.
constexpr off_t kBriefContent = 4 * 1024 * 1024;
// Bytes of a directory that is read in about as long.
constexpr off_t kBriefDirectory = 64 * 1024;

enum class Last : uint8_t { kFollowed, kItself };

// Whether the file has at most so many bytes, or is not there.
bool IsAtMost(off_t most, const char* path, int fd, Last last) {
  struct stat file;
  return !LookAtSize(path, fd, last == Last::kFollowed, &file) || file.st_size <= most;
}

// Whether a file that is to be read tells its size: those of /proc are made as they are read.
bool IsStored(const char* path, int fd) {
  struct stat file;
  return LookAtSize(path, fd, true, &file) && file.st_size > 0;
}

// Whether a directory tells its size, and that is small: that of one on an overlay is of one layer.
bool IsSmallDirectory(const char* path, bool alone) {
  struct stat directory;
  if (!LookAtSize(path, -1, true, &directory)) return false;
  return (alone || !IsOnNoDevice(directory)) && directory.st_size <= kBriefDirectory;
}

}  // namespace

bool IsBrief(const Request& request, bool alone) {
  const char* const path = request.path.get();
  switch (request.opcode) {
    case Opcode::kStat:
    case Opcode::kLstat:
    case Opcode::kFstat:
    case Opcode::kAccess:
    case Opcode::kReadlink:
    case Opcode::kRealpath:
    case Opcode::kLink:
    case Opcode::kSymlink:
    case Opcode::kMkdir:
    case Opcode::kMkdtemp:
    case Opcode::kChmod:
    case Opcode::kChown:
    case Opcode::kLchown:
    case Opcode::kFchmod:
    case Opcode::kFchown:
    case Opcode::kUtimes:
    case Opcode::kLutimes:
    case Opcode::kFutimes:
    case Opcode::kWrite:
    case Opcode::kWritev: return true;
    case Opcode::kRead:
    case Opcode::kReadv: return IsStored(nullptr, request.fd);
    case Opcode::kReadFile: return IsStored(path, -1);
    case Opcode::kOpen:
      return (request.names.flags & O_TRUNC) == 0 || IsAtMost(kBriefContent, path, -1, Last::kFollowed);
    case Opcode::kWriteFile:
    case Opcode::kTruncate: return IsAtMost(kBriefContent, path, -1, Last::kFollowed);
    // The kernel may begin to write what was put off.
    case Opcode::kClose:
    case Opcode::kFtruncate: return IsAtMost(kBriefContent, nullptr, request.fd, Last::kFollowed);
    case Opcode::kUnlink: return IsAtMost(kBriefContent, path, -1, Last::kItself);
    case Opcode::kRename:
      return IsAtMost(kBriefContent, path, -1, Last::kItself) &&
             IsAtMost(kBriefContent, request.other_path, -1, Last::kItself);
    case Opcode::kRmdir: return IsAtMost(kBriefDirectory, path, -1, Last::kItself);
    case Opcode::kReaddir:
    case Opcode::kOpendir: return IsSmallDirectory(path, alone);
    default: return false;
  }
}

}  // namespace caio
