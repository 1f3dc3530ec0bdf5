// Starts writeback before a sync is asked for, where every write so far was followed by a sync: the
// sync then has little left to wait for. Not after a single small write. Data is durable only after
// a successful sync.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <unordered_map>

#include "../request/request.h"

namespace caio {

// Descriptors that are written to and synced in turn. A number may be another file's by now: these
// are guesses.
class SyncHabits {
 public:
  void Synced(int fd);
  // True if a sync is likely to follow.
  bool Written(int fd);

 private:
  static constexpr unsigned kMost = 1024;
  std::unordered_map<int, unsigned> syncs_ahead_;
};

// The file that a descriptor refers to: the number may be another file's later.
struct FileIdentity {
  bool known = false;
  dev_t device = 0;
  ino_t inode = 0;
};

// Asks no server, except by fstat(2) where statx(2) fails. Called without any lock.
FileIdentity IdentityOf(int fd);

// Errors of writeback, kept for the next sync of the file: the kernel may not report them again.
class WritebackErrors {
 public:
  void Keep(int fd, const FileIdentity& file, int error);
  bool Has(int fd) const { return failures_.count(fd) > 0; }
  // 0, or a negative errno, which is returned once.
  int Take(int fd, const FileIdentity& file);

 private:
  struct Failure {
    FileIdentity file;
    int error;
  };
  std::unordered_map<int, Failure> failures_;
};

// Starts writeback of these writes, all to one file. 0, or the negative errno that a sync has to
// report.
int StartWriteback(const Request* const* writes, size_t count);

}  // namespace caio
