// Facts about open files: type, and how each answered NOWAIT so far. Loop thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "known_file_systems.h"
#include "nowait_policy.h"
#include "residency.h"

namespace caio {

// Identifies a file.
struct Identity {
  dev_t dev = 0;
  ino_t ino = 0;
  int64_t born = 0;  // birth, nanoseconds since 1970, 0 if unknown: inode numbers are reused

  bool operator==(const Identity& other) const { return dev == other.dev && ino == other.ino && born == other.born; }
};

struct FileFacts {
  uint64_t batch = 0;     // the batch that last looked at the descriptor
  uint32_t file_key = 0;  // the handle these facts belong to, 0 if they are checked against the file
  Identity identity;
  MountKey mount = 0;
  bool regular = false;
  bool device = false;    // a block device: it is on no file system
  bool direct = false;    // opened with O_DIRECT
  bool buffered = false;  // opened with neither O_DIRECT nor O_DSYNC
  bool readable = false;  // open for reading, which examining its file system needs
  Layer layer = Layer::kForeign;
  uint64_t size = 0;  // when last examined
  NowaitHistory reads;
  NowaitHistory writes;
  uint64_t mapped_in = 0;  // the turn of the loop in which the file is mapped
  MappedPages pages{};
};

class FileFactsTable {
 public:
  void NextBatch() { batch_++; }

  // Facts about the request's file, or nullptr if its descriptor cannot be examined (EBADF, say:
  // the operation itself will report it). Resets the facts of a reused number: a handle has its own
  // key; a bare number is checked with statx once per batch.
  FileFacts* Find(const Request& request);

  // Refreshes the size. False if the descriptor cannot be examined.
  static bool LookAgain(int fd, FileFacts& facts);

  // Notes that the descriptor's file is no longer mapped.
  void ForgetMap(int fd);

 private:
  bool Look(int fd, FileFacts& facts);

  uint64_t batch_ = 0;
  std::vector<FileFacts> by_fd_;
};

// Finds the mount of an open file. Asks no server.
bool FindMount(int fd, MountKey* mount);

// Whether the descriptor refers to that file, and the file has a name.
bool StandsForNamed(int fd, const Identity& file);

// Whether a regular file ends at `offset` or before. False if unknown: a read there will tell.
bool IsEndOfFile(int fd, int64_t offset);

}  // namespace caio
