#include "direct_alignment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "../request/protocol.h"
#include "../support/descriptor.h"
#include "../support/probe_file.h"

namespace caio {

namespace {

constexpr size_t kTried = 2 * kLargestAlignment;

struct Free {
  void operator()(char* memory) const { free(memory); }
};

int64_t Choose(DirectAlignment found, int which) {
  const int64_t alignment = which == alignment_of::kMemory ? found.memory : found.offset;
  return alignment == 0 ? -EINVAL : alignment;
}

// A temporary file beside `fd`'s file, filled, with O_DIRECT set: a descriptor, or a negative
// errno.
int OpenBeside(int fd, const char* memory) {
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return -errno;
  path[length] = 0;
  char* slash = strrchr(path, '/');
  if (!slash) return -EINVAL;  // a pipe, a socket
  slash[slash == path ? 1 : 0] = 0;
  const int beside = OpenTemporary(path);
  if (beside < 0) return beside;
  const int flags = fcntl(beside, F_GETFL);
  const bool filled = pwrite(beside, memory, kTried, 0) == static_cast<ssize_t>(kTried) && fsync(beside) == 0;
  if (filled && fcntl(beside, F_SETFL, flags | O_DIRECT) == 0) return beside;
  const int error = errno;
  close(beside);
  return -error;
}

}  // namespace

// Reads the fields of STATX_DIOALIGN (Linux 6.1) by their offsets in struct statx: older headers
// lack them.
DirectAlignment StatedAlignment(int fd) {
  constexpr unsigned kDirectAlignment = 0x2000;
  constexpr size_t kMask = 0, kMemory = 38, kOffset = 39;
  uint32_t status[64] = {};
#ifdef SYS_statx
  if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kDirectAlignment, status) != 0) return {};
#endif
  if ((status[kMask] & kDirectAlignment) == 0) return {};
  return {status[kMemory], status[kOffset]};
}

DirectAlignment TriedAlignment(int fd, char* memory) {
  DirectAlignment found;
  for (size_t size = 1; size <= kLargestAlignment && found.offset == 0; size *= 2) {
    if (pread(fd, memory, size, static_cast<off_t>(size)) == static_cast<ssize_t>(size))
      found.offset = static_cast<int64_t>(size);
  }
  if (found.offset == 0) return found;
  const auto length = static_cast<size_t>(found.offset);
  for (size_t shift = 1; shift <= kLargestAlignment && found.memory == 0; shift *= 2) {
    if (pread(fd, memory + shift, length, found.offset) == static_cast<ssize_t>(length))
      found.memory = static_cast<int64_t>(shift);
  }
  return found;
}

int64_t FindAlignment(int fd, int which) {
  struct stat status;
  if (fstat(fd, &status) != 0) return -errno;
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) return -EINVAL;
  void* allocated;
  if (posix_memalign(&allocated, kTried, kTried) != 0) return -ENOMEM;
  const std::unique_ptr<char, Free> memory(static_cast<char*>(allocated));
  memset(memory.get(), 1, kTried);
  if (S_ISBLK(status.st_mode) || status.st_size >= static_cast<off_t>(kTried)) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const Descriptor itself(open(link, O_RDONLY | O_DIRECT | O_CLOEXEC));
    if (itself.valid()) return Choose(TriedAlignment(itself.get(), memory.get()), which);
  }
  const Descriptor beside(OpenBeside(fd, memory.get()));
  return beside.valid() ? Choose(TriedAlignment(beside.get(), memory.get()), which) : beside.get();
}

}  // namespace caio
