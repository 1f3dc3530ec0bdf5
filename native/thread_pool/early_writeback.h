// Starts the device on what was written before its sync is asked for, where every write so far was followed by a sync: the sync
// then has little left to wait for. Not after a single small write. Data is durable only when a sync has succeeded.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <unordered_map>

#include "../request/request.h"

namespace caio {

// Which descriptors are written to and synced in turn. The number may have become another file's: these are guesses.
class SyncHabits {
 public:
  void Synced(int fd);
  // True if a sync is likely to follow.
  bool Written(int fd);

 private:
  static constexpr unsigned kMost = 1024;
  std::unordered_map<int, unsigned> syncs_ahead_;
};

// Which file a descriptor stands for: its number may be another's later.
struct FileIdentity {
  bool known = false;
  dev_t device = 0;
  ino_t inode = 0;
};

// Does not ask the file's server. Without any lock all the same.
FileIdentity IdentityOf(int fd);

// What writing back reported, kept for the next sync of that file: the kernel may not tell it again.
class WritebackErrors {
 public:
  void Keep(int fd, const FileIdentity& file, int error);
  bool Has(int fd) const { return failures_.count(fd) > 0; }
  // 0, or a negative errno, once.
  int Take(int fd, const FileIdentity& file);

 private:
  struct Failure {
    FileIdentity file;
    int error;
  };
  std::unordered_map<int, Failure> failures_;
};

// Starts writing back what these writes, all to one file, have written. 0, or the negative errno that a sync has to report.
int StartWriteback(const Request* const* writes, size_t count);

}  // namespace caio
