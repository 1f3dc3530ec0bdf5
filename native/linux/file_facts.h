// What is known of each open file: its kind, and how it answered NOWAIT so far. Loop thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "known_file_systems.h"
#include "nowait_policy.h"
#include "residency.h"

namespace caio {

// Which file it is.
struct Identity {
  dev_t dev = 0;
  ino_t ino = 0;
  int64_t born = 0;  // nanoseconds since 1970, 0 where unknown: an inode's number is used again

  bool operator==(const Identity& other) const { return dev == other.dev && ino == other.ino && born == other.born; }
};

struct FileFacts {
  uint64_t batch = 0;     // the batch that last looked at the descriptor
  uint32_t file_key = 0;  // the handle these facts belong to, 0 where they are checked against the file itself
  Identity identity;
  MountKey mount = 0;
  bool regular = false;
  bool device = false;    // a block device: a file of no file system
  bool direct = false;    // opened with O_DIRECT
  bool readable = false;  // a look at its file system is a read
  Layer layer = Layer::kForeign;
  uint64_t size = 0;   // when it was looked at
  bool fresh = false;  // so was it then
  NowaitHistory reads;
  NowaitHistory writes;
  uint64_t mapped_in = 0;  // the turn of the loop that it is mapped in
  MappedPages pages{};
};

class FileFactsTable {
 public:
  void NextBatch() { batch_++; }

  // Facts of the request's descriptor, or nullptr where it cannot be looked at (EBADF, say: the real operation will tell). A
  // number that stands for another file now starts afresh: a handle has a key of its own; a bare number is stat'ed once a batch.
  FileFacts* Find(const Request& request);

  // What changes: size and age. False where it cannot be looked at.
  static bool LookAgain(int fd, FileFacts& facts);

  // Notes that the descriptor's file is no longer mapped.
  void ForgetMap(int fd);

 private:
  bool Look(int fd, FileFacts& facts);

  uint64_t batch_ = 0;
  std::vector<FileFacts> by_fd_;
};

// The mount that an open file is on. Asks no server.
bool FindMount(int fd, MountKey* mount);

// Whether the descriptor stands for that file.
bool StandsFor(int fd, const Identity& file);

// Whether there is nothing at `offset` and behind. False where that cannot be told: a read there will tell.
bool IsEndOfFile(int fd, int64_t offset);

}  // namespace caio
