// A small file read by its path, by means that do not wait. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "known_file_systems.h"

namespace caio {

class CachedFiles {
 public:
  explicit CachedFiles(KnownFileSystems& known) : known_(known) {}

  // Reads the whole file into `memory` if path, inode and pages are all cached, on a file system that is known to give them without
  // waiting. The bytes read, or a negative errno, with which the caller goes to the pool: -EAGAIN where it would have to wait,
  // -EOPNOTSUPP where files of this sort are not read so. Never opens anything but a regular file: opening a FIFO has effects.
  //
  // `mount` becomes that of the file, if it was found out.
  int64_t Read(const char* path, void* memory, size_t capacity, uint64_t now, MountKey* mount);

 private:
  KnownFileSystems& known_;
};

}  // namespace caio
