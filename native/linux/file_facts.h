// What is known of each open file: its kind, and how it answered NOWAIT so far. Loop thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "known_file_systems.h"
#include "nowait_policy.h"

namespace caio {

struct FileFacts {
  uint64_t batch = 0;     // the batch that last looked at the descriptor
  uint32_t file_key = 0;  // the handle these facts belong to, 0 where they are checked against the file itself
  dev_t dev = 0;
  ino_t ino = 0;
  MountKey mount = 0;
  int64_t born = 0;  // nanoseconds since 1970, 0 where unknown: an inode's number is used again
  bool regular = false;
  bool device = false;    // a block device: a file of no file system
  bool direct = false;    // opened with O_DIRECT
  bool readable = false;  // a look at its file system is a read
  NowaitHistory reads;
  NowaitHistory writes;
};

class FileFactsTable {
 public:
  void NextBatch() { batch_++; }

  // Facts of the request's descriptor, or nullptr where it cannot be looked at (EBADF, say: the real operation will tell). A
  // number that stands for another file now starts afresh: a handle has a key of its own; a bare number is stat'ed once a batch.
  FileFacts* Find(const Request& request);

 private:
  bool Look(int fd, FileFacts& facts);

  uint64_t batch_ = 0;
  std::vector<FileFacts> by_fd_;
};

// The mount that an open file is on. Asks no server.
bool FindMount(int fd, MountKey* mount);

// Whether there is nothing at `offset` and behind. False where that cannot be told: a read there will tell.
bool IsEndOfFile(int fd, int64_t offset);

}  // namespace caio
