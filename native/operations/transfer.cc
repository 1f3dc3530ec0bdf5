#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "../support/platform.h"
#include "file_control.h"
#include "path/names.h"
#include "path/whole_file.h"

namespace caio {
namespace {

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif

// One buffer is read by the call without a vector, as in libuv: for 0 bytes the two calls differ
// (EISDIR and 0 on a directory).
ssize_t ReadOnce(Request& request) {
  const off_t offset = static_cast<off_t>(request.offset + static_cast<int64_t>(request.transfer.done));
  const iovec* memory = request.iov();
  if (request.transfer.moves) return readv(request.fd, memory, std::min(request.iov_count(), IOV_MAX));
  if (request.iov_count() == 1) return pread(request.fd, memory->iov_base, memory->iov_len, offset);
  return preadv(request.fd, memory, std::min(request.iov_count(), IOV_MAX), offset);
}

ssize_t WriteOnce(Request& request) {
  const off_t place = static_cast<off_t>(request.offset + static_cast<int64_t>(request.transfer.done));
  // To pwritev2, offset -1 means the file's own position.
  const off_t offset = request.transfer.moves ? -1 : place;
  if (request.transfer.durable || request.transfer.append) {
#if defined(RWF_DSYNC) && defined(RWF_APPEND)
    const int flags = (request.transfer.durable ? RWF_DSYNC : 0) | (request.transfer.append ? RWF_APPEND : 0);
    return pwritev2(request.fd, request.iov(), std::min(request.iov_count(), IOV_MAX), offset, flags);
#else
    errno = EOPNOTSUPP;
    return -1;
#endif
  }
  const iovec* memory = request.iov();
  if (request.transfer.moves) return writev(request.fd, memory, std::min(request.iov_count(), IOV_MAX));
  if (request.iov_count() == 1) return pwrite(request.fd, memory->iov_base, memory->iov_len, offset);
  return pwritev(request.fd, memory, std::min(request.iov_count(), IOV_MAX), offset);
}

int64_t Read(Request& request) {
  if (request.transfer.fresh_memory) FaultIn(request.single);
  for (;;) {
    const ssize_t result = ReadOnce(request);
    if (result < 0) {
      if (errno == EINTR) continue;
      return request.transfer.done > 0 ? static_cast<int64_t>(request.transfer.done) : -errno;
    }
    request.Advance(static_cast<size_t>(result));
    // A short read means end of file, unless the kernel cut a very long read.
    if (static_cast<size_t>(result) < kLargestTransfer || request.transfer.done >= request.length)
      return static_cast<int64_t>(request.transfer.done);
  }
}

int SyncOnce(int fd, [[maybe_unused]] bool data_only) {
#ifdef __APPLE__
  // fsync on macOS does not flush the drive's cache (see libuv's uv__fs_fsync). Some file systems
  // refuse the fcntl.
  const int result = fcntl(fd, F_FULLFSYNC);
  return result == 0 ? 0 : fsync(fd);
#else
  return data_only ? fdatasync(fd) : fsync(fd);
#endif
}

int64_t Write(Request& request);

// For systems and files that cannot make a single write durable.
int64_t WriteAndSync(Request& request) {
  request.transfer.durable = false;
  const int64_t written = Write(request);
  if (written < 0) return written;
  return SyncOnce(request.fd, true) == 0 ? written : -errno;
}

int64_t Write(Request& request) {
  for (;;) {
    const ssize_t result = WriteOnce(request);
    if (result < 0) {
      if (errno == EINTR) continue;
      if (errno == EOPNOTSUPP && request.transfer.durable && !request.transfer.append) return WriteAndSync(request);
      return request.transfer.done > 0 ? static_cast<int64_t>(request.transfer.done) : -errno;
    }
    request.Advance(static_cast<size_t>(result));
    if (request.transfer.done >= request.length) return static_cast<int64_t>(request.transfer.done);
    if (result == 0) return request.transfer.done > 0 ? static_cast<int64_t>(request.transfer.done) : -EIO;
  }
}

// Never repeated: a failed sync has lost the data that it failed to write.
int64_t Sync(const Request& request) {
  return SyncOnce(request.fd, request.opcode == Opcode::kFdsync) == 0 ? 0 : -errno;
}

}  // namespace

void Prefetch([[maybe_unused]] const Range& range) {
#ifdef POSIX_FADV_WILLNEED
  posix_fadvise(range.fd, range.offset, range.length, POSIX_FADV_WILLNEED);
#endif
}

int64_t PerformBlocking(Request& request) {
  if (IsSync(request.opcode)) return Sync(request);
  if (IsWholeFile(request.opcode)) return PerformWholeFile(request);
  if (IsPath(request.opcode)) return PerformPath(request);
  if (IsTimes(request.opcode)) return PerformTimes(request);
  if (IsControl(request.opcode)) return PerformControl(request);
  return IsRead(request.opcode) ? Read(request) : Write(request);
}

}  // namespace caio
