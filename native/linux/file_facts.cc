#include "file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../support/buffered.h"
#include "../support/look.h"

namespace caio {

namespace {

constexpr size_t kLargestTable = 65536;

struct Known {
  Identity identity;
  mode_t mode;
  MountKey mount;
  Layer layer;
  uint64_t size;
  uint32_t links;
};

bool Identify(int fd, Known& file) {
  struct statx known;
  if (Look(fd, STATX_TYPE | STATX_INO | STATX_BTIME | STATX_SIZE | STATX_NLINK | MountMask(), known)) {
    const bool dated = (known.stx_mask & STATX_BTIME) != 0;
    const int64_t born = dated ? known.stx_btime.tv_sec * 1000000000 + known.stx_btime.tv_nsec : 0;
    const dev_t dev = makedev(known.stx_dev_major, known.stx_dev_minor);
    file = {
        {dev, known.stx_ino, born}, known.stx_mode, MountKeyOf(known), LayerOf(known), known.stx_size, known.stx_nlink};
    return true;
  }
  return false;
}

}  // namespace

bool FileFactsTable::Look(int fd, FileFacts& facts) {
  Known file;
  if (!Identify(fd, file)) return false;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  if (!(facts.identity == file.identity)) facts = FileFacts{};
  facts.identity = file.identity;
  facts.mount = file.mount;
  facts.device = S_ISBLK(file.mode);
  facts.regular = S_ISREG(file.mode) || facts.device;
  facts.direct = (flags & O_DIRECT) != 0;
  facts.buffered = AreBuffered(flags);
  facts.readable = (flags & O_ACCMODE) != O_WRONLY;
  facts.layer = file.layer;
  facts.size = file.size;
  return true;
}

bool FileFactsTable::LookAgain(int fd, FileFacts& facts) {
  struct statx file;
  if (!caio::Look(fd, STATX_SIZE, file)) return false;
  facts.size = file.stx_size;
  return true;
}

FileFacts* FileFactsTable::Find(const Request& request) {
  const auto index = static_cast<size_t>(request.fd);
  if (index >= kLargestTable) return nullptr;
  if (index >= by_fd_.size()) by_fd_.resize(index + 64);
  FileFacts& facts = by_fd_[index];
  if (request.transfer.file_key != 0 && facts.file_key == request.transfer.file_key) return &facts;
  if (facts.batch == batch_ && facts.file_key == request.transfer.file_key) return &facts;
  if (facts.file_key != request.transfer.file_key) facts = FileFacts{};
  if (!Look(request.fd, facts)) {
    facts = FileFacts{};
    return nullptr;
  }
  facts.batch = batch_;
  facts.file_key = request.transfer.file_key;
  return &facts;
}

bool FindMount(int fd, MountKey* mount) {
  Known file;
  if (!Identify(fd, file)) return false;
  *mount = file.mount;
  return true;
}

void FileFactsTable::ForgetMap(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index < by_fd_.size()) by_fd_[index].mapped_in = 0;
}

bool StandsForNamed(int fd, const Identity& file) {
  Known known;
  return Identify(fd, known) && known.identity == file && known.links > 0;
}

bool IsEndOfFile(int fd, int64_t offset) {
  struct statx file;
  if (!Look(fd, STATX_TYPE | STATX_SIZE, file)) return false;
  return S_ISREG(file.stx_mode) && offset >= static_cast<int64_t>(file.stx_size);
}

}  // namespace caio
