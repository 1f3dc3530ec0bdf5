#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>

#include "../support/checked.h"
#include "../support/descriptor.h"
#include "copy_by_hand.h"
#include "direct_alignment.h"
#include "extended_attributes.h"
#include "file_control.h"

namespace caio {

namespace {

#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif

constexpr size_t kCopiedAtOnce = 1 << 30;

// Uses its own open file description: lseek would move the caller's position, which reads without
// an offset use.
int64_t Seek(int fd, off_t offset, int whence) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (fcntl(fd, F_GETFD) < 0) return -errno;
  const Descriptor own(open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return own.valid() ? Checked(lseek(own.get(), offset, whence)) : -errno;
}

// 0 if a refused copy is to be done by hand, else the negative errno to report. A seccomp filter,
// or a kernel without the call, answers ENOSYS, EPERM or EINVAL. If EPERM is real, the copy by hand
// fails with it, too; EINVAL may also be about the files.
int64_t ExamineRefusedCopy(const Request& request, int error) {
  if (error != ENOSYS && error != EPERM && error != EINVAL) return -error;
  struct stat from, to;
  if (fstat(request.fd, &from) != 0 || fstat(request.control.other_fd, &to) != 0) return -errno;
  if (!S_ISREG(from.st_mode) || !S_ISREG(to.st_mode)) return -EINVAL;
  const int64_t between = request.offset - request.control.other_offset;
  const bool overlap = static_cast<uint64_t>(between < 0 ? -between : between) < request.length;
  return from.st_dev == to.st_dev && from.st_ino == to.st_ino && overlap ? -EINVAL : 0;
}

int64_t Copy(const Request& request) {
  auto from = static_cast<loff_t>(request.offset);
  auto to = static_cast<loff_t>(request.control.other_offset);
  size_t copied = 0;
  while (copied < request.length) {
    const size_t wanted = std::min(request.length - copied, kCopiedAtOnce);
    const ssize_t result = copy_file_range(request.fd, &from, request.control.other_fd, &to, wanted, 0);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) {
      int64_t error = -errno;
      if (copied == 0 && (error = ExamineRefusedCopy(request, errno)) == 0) {
        error = CopyByHand({request.fd, from}, {request.control.other_fd, to}, request.length, &copied);
      }
      return copied > 0 ? static_cast<int64_t>(copied) : error;
    }
    if (result == 0) break;  // the end of the file
    copied += static_cast<size_t>(result);
  }
  return static_cast<int64_t>(copied);
}

// F_OFD_SETLK locks belong to the open file description. Those of F_SETLK end when the process
// closes any descriptor of the file.
int64_t Lock(const Request& request, int how) {
  struct flock lock{};
  lock.l_type = static_cast<short>(how == lock_kind::kNone ? F_UNLCK : how == lock_kind::kShared ? F_RDLCK : F_WRLCK);
  lock.l_whence = SEEK_SET;
  lock.l_start = request.offset;
  lock.l_len = static_cast<off_t>(request.length);
  return Checked(fcntl(request.fd, F_OFD_SETLK, &lock));
}

}  // namespace

int64_t PerformSystemControl(const Request& request) {
  const int flags = request.control.flags;
  const off_t offset = request.offset;
  const auto length = static_cast<off_t>(request.length);
  const int keep = (flags & space_flag::kKeepSize) != 0 ? FALLOC_FL_KEEP_SIZE : 0;
  switch (request.opcode) {
    case Opcode::kFindAlignment: return FindAlignment(request.fd, flags);
    case Opcode::kAllocate: return Checked(fallocate(request.fd, keep, offset, length));
    case Opcode::kPunchHole:
      return Checked(fallocate(request.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
    case Opcode::kZeroRange: return Checked(fallocate(request.fd, FALLOC_FL_ZERO_RANGE | keep, offset, length));
    case Opcode::kAdvise: return -posix_fadvise(request.fd, offset, length, flags);
    case Opcode::kSyncRange: return Checked(sync_file_range(request.fd, offset, length, static_cast<unsigned>(flags)));
    case Opcode::kSeekData: return Seek(request.fd, offset, SEEK_DATA);
    case Opcode::kSeekHole: return Seek(request.fd, offset, SEEK_HOLE);
    case Opcode::kCopyFileRange: return Copy(request);
    case Opcode::kLock: return Lock(request, flags);
    case Opcode::kCopyAttributes: return CopyAttributes(request.fd, request.control.other_fd);
    default: break;
  }
  return -ENOSYS;
}

}  // namespace caio
