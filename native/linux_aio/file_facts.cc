#include "file_facts.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace caio {

namespace {
constexpr size_t kLargestTable = 65536;
}

bool FileFactsTable::Look(int fd, FileFacts& facts) {
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  const bool same = facts.dev == status.st_dev && facts.ino == status.st_ino;
  if (!same) facts = FileFacts{};
  facts.dev = status.st_dev;
  facts.ino = status.st_ino;
  facts.regular = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode);
  facts.direct = (flags & O_DIRECT) != 0;
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
