#include "copy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "../../support/descriptor.h"
#include "../../support/open_file.h"
#include "../../support/platform.h"
#include "../copy_by_hand.h"

namespace caio {

namespace {

int64_t CopyBytes(int from, int to, off_t size) {
  off_t offset = 0;
  int64_t result;
  if (SendBytes(from, to, &offset, size, &result)) return result;
  size_t copied;
  return CopyByHand({from, offset}, {to, offset}, SIZE_MAX, &copied);
}

// Up to this size, the source is read before the target is touched, and written over the target's
// content: ext4 would write a truncated target back at close.
constexpr off_t kSmall = 64 * 1024;

class SmallFile {
 public:
  // Not valid if the copy is left to CopyBytes, which reports the errors.
  SmallFile(int fd, const struct stat& file) {
    if (!S_ISREG(file.st_mode) || file.st_size == 0 || file.st_size > kSmall) return;
    const auto size = static_cast<size_t>(file.st_size);
    memory_.reset(new (std::nothrow) char[size]);
    if (!memory_) return;
    const int64_t count = Uninterrupted([&] { return pread(fd, memory_.get(), size, 0); });
    if (count == file.st_size) size_ = size;
  }

  bool valid() const { return size_ > 0; }

  off_t size() const { return static_cast<off_t>(size_); }

  int64_t WriteTo(int fd) const {
    size_t written;
    return WriteOut({fd, 0}, memory_.get(), size_, &written);
  }

 private:
  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
};

bool IsSameMode(mode_t one, mode_t other) { return ((one ^ other) & 07777) == 0; }

bool IsSameOwner(const struct stat& one, const struct stat& other) {
  return one.st_uid == other.st_uid && one.st_gid == other.st_gid;
}

// Whether fchmod would be permitted and change nothing.
bool HasMode(const struct stat& target, mode_t mode) {
  return IsSameMode(target.st_mode, mode) && target.st_uid == geteuid();
}

// CIFS cannot change a mode, which would mean nothing there.
bool IsCifs(int fd) {
  const uint32_t type = FileSystemType(fd);
  return type == 0x517b || type == 0xfe534d42 || type == 0xff534d42;
}

int GiveMode(int fd, const struct stat& target, mode_t mode) {
  if (HasMode(target, mode) || Repeated([=] { return fchmod(fd, mode); }) == 0) return 0;
  const int error = errno;
  return error == EPERM && IsCifs(fd) ? 0 : -error;
}

// A failure on an empty file does not matter: ceph-fuse refuses to truncate a file that was just
// made with a read-only mode.
int Cut(int fd, const struct stat& target, off_t size) {
  if (Repeated([=] { return ftruncate(fd, size); }) == 0) return 0;
  return errno == EACCES && target.st_size == 0 ? 0 : -errno;
}

// Gives the target the source's times and owner, as far as this process may. That may change its
// mode, and sets `target` anew. Failures do not matter, as in the libuv to come; up to 1.52, one of
// the times ends the copy.
int MakeLikeSource(int fd, const struct stat& source, struct stat* target) {
  const struct timespec times[] = {CAIO_TIME(source, a), CAIO_TIME(source, m)};
  Repeated([&] { return futimens(fd, times); });
  if (IsSameOwner(source, *target)) return 0;
  Repeated([&] { return fchown(fd, source.st_uid, source.st_gid); });
  return fstat(fd, target) == 0 ? 0 : -errno;
}

// Whether the copy will leave owner and mode of the target as they are. If not, its old content has
// to be gone before they change: it may not be for the new owner's eyes.
bool KeepsAccess(const struct stat& source, const struct stat& target, unsigned flags) {
  const bool gets_owner = (flags & copy_flag::kLikeSource) != 0;
  return IsSameMode(target.st_mode, source.st_mode) && (!gets_owner || IsSameOwner(source, target));
}

// Copies into an open file. As libuv, with its allowances for other file systems.
int64_t Fill(int from, int to, const struct stat& source, unsigned flags) {
  const bool is_new = (flags & copy_flag::kExclusive) != 0;
  struct stat target;
  if (fstat(to, &target) != 0) return -errno;
  if (source.st_dev == target.st_dev && source.st_ino == target.st_ino) return 0;
  const SmallFile small(from, source);
  const bool over =
      small.valid() && S_ISREG(target.st_mode) && (target.st_size == 0 || KeepsAccess(source, target, flags));
  const bool cut = over ? target.st_size > small.size() : !is_new;
  int error = cut ? Cut(to, target, over ? small.size() : 0) : 0;
  if (error == 0 && (flags & copy_flag::kLikeSource) != 0) error = MakeLikeSource(to, source, &target);
  if (error == 0) error = GiveMode(to, target, source.st_mode);
  if (error == 0) return over ? small.WriteTo(to) : CopyBytes(from, to, source.st_size);
  // The old content is gone in any case.
  if (over) Cut(to, target, 0);
  return error;
}

}  // namespace

int64_t CopyFile(const char* from, const char* to, unsigned flags) {
  Descriptor source(OpenFile(from, O_RDONLY, 0));
  if (!source.valid()) return source.get();
  struct stat file;
  if (fstat(source.get(), &file) != 0) return -errno;
  const bool is_new = (flags & copy_flag::kExclusive) != 0;
  Descriptor target(OpenFile(to, O_WRONLY | O_CREAT | (is_new ? O_EXCL : 0), file.st_mode));
  if (!target.valid()) return target.get();
  const int64_t filled = Fill(source.get(), target.get(), file, flags);
  const int source_closed = source.Close();
  const int target_closed = target.Close();
  const int closed = source_closed < 0 ? source_closed : target_closed;
  const int64_t result = filled < 0 ? filled : closed;
  if (result < 0) unlink(to);
  return result;
}

}  // namespace caio
