// Reads small files by path without waiting. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "known_file_systems.h"

namespace caio {

class CachedFiles {
 public:
  explicit CachedFiles(KnownFileSystems& known) : known_(known) {}

  // Reads the whole file into `memory` if its path, inode and pages are cached, on a file system
  // known to serve them without waiting. Returns the bytes read or a negative errno, after which
  // the caller goes to the pool: -EAGAIN if the read would wait, -EOPNOTSUPP if such files are not
  // read inline. Opens only regular files: opening a FIFO has effects.
  //
  // Sets `mount` to the file's mount, if that was found.
  int64_t Read(const char* path, void* memory, size_t capacity, uint64_t now, MountKey* mount);

 private:
  KnownFileSystems& known_;
};

}  // namespace caio
