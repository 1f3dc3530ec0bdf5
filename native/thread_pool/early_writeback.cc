#include "early_writeback.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#include <algorithm>

#include "../support/look.h"

namespace caio {

void SyncHabits::Synced(int fd) {
  unsigned& ahead = syncs_ahead_[fd];
  ahead = std::min(ahead + 1, kMost);
}

bool SyncHabits::Written(int fd) {
  const auto found = syncs_ahead_.find(fd);
  if (found == syncs_ahead_.end()) return false;
  if (--found->second == 0) syncs_ahead_.erase(found);
  return true;
}

FileIdentity IdentityOf(int fd) {
#ifdef __linux__
  struct statx known;
  if (Look(fd, STATX_INO, known)) {
    return {true, makedev(known.stx_dev_major, known.stx_dev_minor), known.stx_ino};
  }
#endif
  struct stat file;
  if (fstat(fd, &file) != 0) return {};
  return {true, file.st_dev, file.st_ino};
}

void WritebackErrors::Keep(int fd, const FileIdentity& file, int error) {
  if (file.known) failures_[fd] = {file, error};
}

int WritebackErrors::Take(int fd, const FileIdentity& file) {
  const auto found = failures_.find(fd);
  if (found == failures_.end()) return 0;
  const Failure failure = found->second;
  failures_.erase(found);
  const bool same = file.known && file.device == failure.file.device && file.inode == failure.file.inode;
  return same ? failure.error : 0;
}

int StartWriteback([[maybe_unused]] const Request* const* writes, [[maybe_unused]] size_t count) {
#ifdef __linux__
  for (size_t i = 0; i < count;) {
    // Where it has been put is not known.
    if (writes[i]->append || writes[i]->moves) {
      i++;
      continue;
    }
    const int64_t start = writes[i]->offset;
    int64_t end = start;
    do {
      end += static_cast<int64_t>(writes[i++]->done);
    } while (i < count && writes[i]->offset == end && !writes[i]->append && !writes[i]->moves);
    if (end == start) continue;
    if (sync_file_range(writes[0]->fd, start, end - start, SYNC_FILE_RANGE_WRITE) == 0) continue;
    // It may not be known to this kernel, or of no use for this kind of file.
    if (errno == ENOSYS || errno == EINVAL || errno == ESPIPE || errno == EPERM) return 0;
    return -errno;
  }
#endif
  return 0;
}

}  // namespace caio
