#include "early_writeback.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>

#include "../support/platform.h"

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
  FileIdentity file;
  if ((file.known = LookWhich(fd, &file.device, &file.inode))) return file;
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  return {true, status.st_dev, status.st_ino};
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

int StartWriteback(const Request* const* writes, size_t count) {
  for (size_t i = 0; i < count;) {
    // The position written to is unknown.
    if (writes[i]->transfer.append || writes[i]->transfer.moves) {
      i++;
      continue;
    }
    const int64_t start = writes[i]->offset;
    int64_t end = start;
    do {
      end += static_cast<int64_t>(writes[i++]->transfer.done);
    } while (i < count && writes[i]->offset == end && !writes[i]->transfer.append && !writes[i]->transfer.moves);
    if (end == start) continue;
    const int result = StartWritingBack(writes[0]->fd, start, end - start);
    if (result < 0) return result == -ENOSYS ? 0 : result;
  }
  return 0;
}

}  // namespace caio
