#include "file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../support/look.h"

namespace caio {

namespace {

constexpr size_t kLargestTable = 65536;

struct Identity {
  dev_t dev;
  ino_t ino;
  int64_t born;
  mode_t mode;
  MountKey mount;
};

bool Identify(int fd, Identity& identity) {
  struct statx known;
  if (Look(fd, STATX_TYPE | STATX_INO | STATX_BTIME | MountMask(), known)) {
    const bool dated = (known.stx_mask & STATX_BTIME) != 0;
    const int64_t born = dated ? known.stx_btime.tv_sec * 1000000000 + known.stx_btime.tv_nsec : 0;
    identity = {makedev(known.stx_dev_major, known.stx_dev_minor), known.stx_ino, born, known.stx_mode,
                MountKeyOf(known)};
    return true;
  }
  return false;
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
  facts.mount = file.mount;
  facts.device = S_ISBLK(file.mode);
  facts.regular = S_ISREG(file.mode) || facts.device;
  facts.direct = (flags & O_DIRECT) != 0;
  facts.readable = (flags & O_ACCMODE) != O_WRONLY;
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

bool FindMount(int fd, MountKey* mount) {
  Identity file;
  if (!Identify(fd, file)) return false;
  *mount = file.mount;
  return true;
}

bool IsEndOfFile(int fd, int64_t offset) {
  struct statx file;
  if (!Look(fd, STATX_TYPE | STATX_SIZE, file)) return false;
  return S_ISREG(file.stx_mode) && offset >= static_cast<int64_t>(file.stx_size);
}

}  // namespace caio
