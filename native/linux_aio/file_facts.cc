#include "file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace caio {

namespace {

constexpr size_t kLargestTable = 65536;

struct Identity {
  dev_t dev;
  ino_t ino;
  int64_t born;
  mode_t mode;
};

bool Identify(int fd, Identity& identity) {
#ifdef STATX_BTIME
  struct statx known;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_BTIME, &known) == 0) {
    const bool dated = (known.stx_mask & STATX_BTIME) != 0;
    const int64_t born = dated ? known.stx_btime.tv_sec * 1000000000 + known.stx_btime.tv_nsec : 0;
    identity = {makedev(known.stx_dev_major, known.stx_dev_minor), known.stx_ino, born, known.stx_mode};
    return true;
  }
#endif
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  identity = {status.st_dev, status.st_ino, 0, status.st_mode};
  return true;
}

}  // namespace

bool FileFactsTable::Look(int fd, FileFacts& facts) {
  Identity file;
  if (!Identify(fd, file)) return false;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  const bool same = facts.dev == file.dev && facts.ino == file.ino && facts.born == file.born;
  if (!same) facts = FileFacts{};
  facts.dev = file.dev;
  facts.ino = file.ino;
  facts.born = file.born;
  facts.regular = S_ISREG(file.mode) || S_ISBLK(file.mode);
  facts.direct = (flags & O_DIRECT) != 0;
  facts.synced = (flags & O_DSYNC) != 0;
  return true;
}

FileFacts* FileFactsTable::Find(const Request& request) {
  const auto index = static_cast<size_t>(request.fd);
  if (index >= kLargestTable) return nullptr;
  if (index >= by_fd_.size()) by_fd_.resize(index + 64);
  FileFacts& facts = by_fd_[index];
  if (request.file_key != 0 && facts.file_key == request.file_key) return &facts;
  if (facts.batch == batch_ && facts.file_key == request.file_key) return &facts;
  if (facts.file_key != request.file_key) facts = FileFacts{};
  if (!Look(request.fd, facts)) {
    facts = FileFacts{};
    return nullptr;
  }
  facts.batch = batch_;
  facts.file_key = request.file_key;
  return &facts;
}

bool IsEndOfFile(int fd, int64_t offset) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && offset >= status.st_size;
}

}  // namespace caio
