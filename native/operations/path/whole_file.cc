#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/descriptor.h"
#include "../../support/layered.h"
#include "../transfer.h"

namespace caio {
namespace {

bool IsRegular(const struct stat& status) { return S_ISREG(status.st_mode); }

int64_t ReadFile(Request& request) {
  struct stat status;
  if (stat(request.path.get(), &status) != 0) return -errno;
  if (!IsRegular(status)) return -EOPNOTSUPP;
  const Descriptor fd(open(request.path.get(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return -errno;
  if (fstat(fd.get(), &status) != 0) return -errno;
  // Of size 0 are the files of /proc, too, which must be read to their end to know.
  if (!IsRegular(status) || status.st_size == 0) return -EOPNOTSUPP;
  if (static_cast<uint64_t>(status.st_size) > request.length) return status.st_size;

  iovec memory{request.single.iov_base, static_cast<size_t>(status.st_size)};
  int64_t done = 0;
  while (memory.iov_len > 0) {
    Request read;
    read.opcode = Opcode::kRead;
    read.fd = fd.get();
    read.offset = done;
    read.single = memory;
    const int64_t result = PerformBlocking(read);
    if (result < 0) return result;
    if (result == 0) break;  // shorter than it was
    done += result;
    memory.iov_base = static_cast<char*>(memory.iov_base) + result;
    memory.iov_len -= static_cast<size_t>(result);
  }
  return done;
}

// All of it, or up to the error that is returned.
int64_t WriteAll(int fd, iovec memory, size_t* written) {
  while (memory.iov_len > 0) {
    Request write;
    write.opcode = Opcode::kWrite;
    write.fd = fd;
    write.length = memory.iov_len;
    write.offset = static_cast<int64_t>(*written);
    write.single = memory;
    const int64_t result = PerformBlocking(write);
    if (result < 0) return result;
    *written += static_cast<size_t>(result);
    memory.iov_base = static_cast<char*>(memory.iov_base) + result;
    memory.iov_len -= static_cast<size_t>(result);
  }
  return 0;
}

// Bytes from which on it is asked where a file stands: to write over it in place is the faster way, unless it is copied first.
constexpr off_t kLarge = 256 * 1024;

// Whether a file that says it is empty may not be: files of the kernel's (tracefs, relayfs, debugfs) are cleared only by being opened so.
// They are on no block device; on those, ext4 would write all that is written next back at close.
bool MayHoldMore(const struct stat& status) {
#ifdef __linux__
  const auto device = static_cast<uint64_t>(status.st_dev);
  const uint64_t major = ((device >> 8) & 0xfff) | ((device >> 32) & ~uint64_t{0xfff});
  return status.st_size == 0 && major == 0;
#else
  (void)status;
  return false;
#endif
}

int64_t WriteFile(Request& request) {
  const bool append = (request.file.flags & whole_file_flag::kAppend) != 0;
  const bool exclusive = (request.file.flags & whole_file_flag::kExclusive) != 0;
  struct stat status;
  const bool exists = stat(request.path.get(), &status) == 0;
  if (exists && !IsRegular(status)) return S_ISDIR(status.st_mode) ? -EISDIR : -EOPNOTSUPP;
  const auto copied = [&] { return status.st_size >= kLarge && IsLayered(request.path.get()); };
  const bool empty = exists && !append && (copied() || MayHoldMore(status));
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (append ? O_APPEND : 0) | (empty ? O_TRUNC : 0) |
                    (exclusive ? O_EXCL : 0);
  Descriptor fd(open(request.path.get(), flags, request.file.mode));
  if (!fd.valid()) return -errno;
  if (fstat(fd.get(), &status) != 0) return -errno;
  if (!IsRegular(status)) return -EOPNOTSUPP;

  size_t written = 0;
  const int64_t error = WriteAll(fd.get(), request.single, &written);
  // What was there before must not show behind what is there now, not even after a failure.
  // Where nothing was written it is the truncation that sets the times, as O_TRUNC would.
  const auto length = static_cast<off_t>(written);
  const bool cut = !append && (status.st_size > length || length == 0);
  if (cut && ftruncate(fd.get(), length) != 0 && error == 0) return -errno + kWhileWriting;
  if (error != 0) return error + kWhileWriting;
  if ((request.file.flags & whole_file_flag::kFlush) != 0) {
    Request sync;
    sync.opcode = Opcode::kFsync;
    sync.fd = fd.get();
    const int64_t synced = PerformBlocking(sync);
    if (synced < 0) return synced + kWhileSyncing;
  }
  const int closed = fd.Close();
  if (closed < 0) return closed + kWhileClosing;
  return static_cast<int64_t>(written);
}

}  // namespace

int64_t PerformWholeFile(Request& request) {
  return request.opcode == Opcode::kReadFile ? ReadFile(request) : WriteFile(request);
}

}  // namespace caio
