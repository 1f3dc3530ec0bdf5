#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>

#include "checked.h"
#include "look.h"
#include "platform.h"

namespace caio {

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int OpenSignal(int* read_fd, int* write_fd) {
  *read_fd = *write_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return *read_fd < 0 ? -errno : 0;
}

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

int OpenInMemory(const char* name) { return memfd_create(name, MFD_CLOEXEC); }

void FaultIn(const iovec& memory) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uintptr_t>(memory.iov_base) & ~(page - 1);
  const auto end = reinterpret_cast<uintptr_t>(memory.iov_base) + memory.iov_len;
  madvise(reinterpret_cast<void*>(start), end - start, MADV_POPULATE_WRITE);  // Linux 5.14; only a hint
}

uint32_t FileSystemType(const char* path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? static_cast<uint32_t>(status.f_type) : 0;
}

uint32_t FileSystemType(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 ? static_cast<uint32_t>(status.f_type) : 0;
}

int64_t StatFileSystem(const char* path, FileSystemStatus& status) {
  struct statfs told;
  const int64_t result = Uninterrupted([&] { return statfs(path, &told); });
  if (result < 0) return result;
  status = {static_cast<double>(told.f_type),   static_cast<double>(told.f_bsize), static_cast<double>(told.f_frsize),
            static_cast<double>(told.f_blocks), static_cast<double>(told.f_bfree), static_cast<double>(told.f_bavail),
            static_cast<double>(told.f_files),  static_cast<double>(told.f_ffree)};
  return 0;
}

bool LookWhich(int fd, dev_t* device, ino_t* inode) {
  struct statx known;
  if (!Look(fd, STATX_INO, known)) return false;
  *device = makedev(known.stx_dev_major, known.stx_dev_minor);
  *inode = known.stx_ino;
  return true;
}

namespace {

constexpr unsigned kSizeMask = STATX_TYPE | STATX_MODE | STATX_SIZE;

void Tell(const struct statx& known, struct stat* status) {
  *status = {};
  status->st_mode = known.stx_mode;
  status->st_size = static_cast<off_t>(known.stx_size);
  status->st_dev = makedev(known.stx_dev_major, known.stx_dev_minor);
}

}  // namespace

int LookBeforeWriting(const char* path, int fd, struct stat* status) {
  struct statx known;
  const int looked =
      path ? statx(AT_FDCWD, path, 0, kSizeMask, &known) : statx(fd, "", AT_EMPTY_PATH, kSizeMask, &known);
  if (looked != 0) {
    if (!IsStatxRefused(errno)) return -1;
    return path ? stat(path, status) : fstat(fd, status);
  }
  Tell(known, status);
  return 0;
}

bool LookAtSize(const char* path, int fd, bool follows, struct stat* status) {
  struct statx known;
  const int flags = AT_STATX_DONT_SYNC | (follows ? 0 : AT_SYMLINK_NOFOLLOW);
  const bool looked = path ? statx(AT_FDCWD, path, flags, kSizeMask, &known) == 0 : Look(fd, kSizeMask, known);
  if (looked) Tell(known, status);
  return looked;
}

bool IsOnNoDevice(const struct stat& status) { return major(status.st_dev) == 0; }

bool SendBytes(int from, int to, off_t* offset, off_t size, int64_t* result) {
  constexpr off_t kAtOnce = 1 << 30;
  *result = 0;
  while (*offset < size) {
    const ssize_t sent = sendfile(to, from, offset, static_cast<size_t>(std::min(size - *offset, kAtOnce)));
    if (sent > 0 || (sent < 0 && errno == EINTR)) continue;
    if (sent == 0) return true;  // the file has shrunk
    // Errors of files that do not support sendfile(2), as in libuv.
    if (errno == EINVAL || errno == ENOSYS || errno == EIO || errno == EXDEV || errno == ENOTSOCK) return false;
    *result = -errno;
    return true;
  }
  return true;
}

int StartWritingBack(int fd, int64_t start, int64_t length) {
  if (sync_file_range(fd, start, length, SYNC_FILE_RANGE_WRITE) == 0) return 0;
  // -ENOSYS: this kernel lacks the call, or this type of file does not support it.
  return errno == EINVAL || errno == ESPIPE || errno == EPERM ? -ENOSYS : -errno;
}

}  // namespace caio
