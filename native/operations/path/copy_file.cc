#include "copy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "../../support/descriptor.h"
#include "../../support/open_file.h"
#include "../copy_by_hand.h"
#ifdef __linux__
#include <sys/sendfile.h>
#endif

namespace caio {

namespace {

int64_t CopyBytes(int from, int to, [[maybe_unused]] off_t size) {
  off_t offset = 0;
#ifdef __linux__
  constexpr off_t kAtOnce = 1 << 30;
  while (offset < size) {
    // It moves `offset`.
    const ssize_t sent = sendfile(to, from, &offset, static_cast<size_t>(std::min(size - offset, kAtOnce)));
    if (sent > 0 || (sent < 0 && errno == EINTR)) continue;
    if (sent == 0) return 0;  // it has become shorter
    // What cannot do it says so in many ways. As libuv takes them.
    if (errno != EINVAL && errno != ENOSYS && errno != EIO && errno != EXDEV && errno != ENOTSOCK) return -errno;
    break;
  }
  if (offset >= size) return 0;
#endif
  size_t copied;
  return CopyByHand({from, offset}, {to, offset}, SIZE_MAX, &copied);
}

// Into a file that is open.
int64_t Fill(int from, int to, const struct stat& source, bool is_new) {
  if (!is_new) {
    struct stat target;
    if (fstat(to, &target) != 0) return -errno;
    if (source.st_dev == target.st_dev && source.st_ino == target.st_ino) return 0;
    if (Repeated([=] { return ftruncate(to, 0); }) != 0) return -errno;
  }
  if (Repeated([=] { return fchmod(to, source.st_mode); }) != 0) return -errno;
  return CopyBytes(from, to, source.st_size);
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
  const int64_t filled = Fill(source.get(), target.get(), file, is_new);
  const int source_closed = source.Close();
  const int target_closed = target.Close();
  const int closed = source_closed < 0 ? source_closed : target_closed;
  const int64_t result = filled < 0 ? filled : closed;
  if (result < 0) unlink(to);
  return result;
}

}  // namespace caio
