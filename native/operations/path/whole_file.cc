#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/checked.h"
#include "../../support/descriptor.h"
#include "../../support/platform.h"
#include "../copy_by_hand.h"
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
  // Files of /proc also have size 0: only reading to the end tells their length.
  if (!IsRegular(status) || status.st_size == 0) return -EOPNOTSUPP;
  if (static_cast<uint64_t>(status.st_size) > request.length) return status.st_size;

  auto* memory = static_cast<char*>(request.single.iov_base);
  const auto size = static_cast<size_t>(status.st_size);
  size_t done = 0;
  while (done < size) {
    const int64_t count =
        Uninterrupted([&] { return pread(fd.get(), memory + done, size - done, static_cast<off_t>(done)); });
    if (count < 0) return count;
    if (count == 0) break;  // shorter than it was
    done += static_cast<size_t>(count);
  }
  return static_cast<int64_t>(done);
}

// Smallest size for which the file system is looked up: writing in place is faster, unless opening
// the file copies it first.
constexpr off_t kLarge = 256 * 1024;
// On overlayfs, opening a file of a lower layer (such as a container's image) for writing copies
// all of it, unless the open truncates it.
constexpr uint32_t kOverlay = 0x794c7630;  // OVERLAYFS_SUPER_MAGIC

// Whether a file of size 0 may still have content: kernel files (tracefs, relayfs, debugfs), which
// are on no block device, are cleared only by an open with O_TRUNC. Files on a device are not
// opened so: ext4 would write back, at close, all that is then written.
bool MayHoldMore(const struct stat& status) { return status.st_size == 0 && IsOnNoDevice(status); }

int64_t WriteFile(Request& request) {
  const bool append = (request.file.flags & whole_file_flag::kAppend) != 0;
  const bool exclusive = (request.file.flags & whole_file_flag::kExclusive) != 0;
  struct stat status;
  const bool exists = LookBeforeWriting(request.path.get(), -1, &status) == 0;
  if (exists && !IsRegular(status)) return S_ISDIR(status.st_mode) ? -EISDIR : -EOPNOTSUPP;
  const auto copied = [&] { return status.st_size >= kLarge && FileSystemType(request.path.get()) == kOverlay; };
  const bool empty = exists && !append && (copied() || MayHoldMore(status));
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (append ? O_APPEND : 0) | (empty ? O_TRUNC : 0) |
                    (exclusive ? O_EXCL : 0);
  Descriptor fd(open(request.path.get(), flags, request.file.mode));
  if (!fd.valid()) return -errno;
  if (LookBeforeWriting(nullptr, fd.get(), &status) != 0) return -errno;
  if (!IsRegular(status)) return -EOPNOTSUPP;

  size_t written = 0;
  const int64_t error =
      WriteOut({fd.get(), 0}, static_cast<const char*>(request.single.iov_base), request.single.iov_len, &written);
  // The old content must not follow the new, not even after a failure. If nothing was written, the
  // truncation sets the times, as O_TRUNC would.
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
