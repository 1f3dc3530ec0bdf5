// What is asked of a path, answered by means that do not wait. Any thread.
#pragma once

#include <cstdint>

#include "../request/path_attempt.h"
#include "known_file_systems.h"

namespace caio {

class CachedPaths {
 public:
  explicit CachedPaths(KnownFileSystems& known);

  // As PerformPath, if the kernel has the path in memory, on a file system that is known to give attributes without waiting, or has in
  // memory that there is no such path. Else -EAGAIN: the caller goes to the pool.
  //
  // `mount` becomes that of the file, if it was found out.
  int64_t Attempt(const PathAttempt& attempt, uint64_t now, MountKey* mount);

  // Likewise for an open file. A close is done only for a file opened for reading, where it cannot wait; else the file is still open.
  int64_t AttemptOpen(const OpenAttempt& attempt, uint64_t now, MountKey* mount);

  // Pool thread; blocks. Looks at the file system of a path that an operation has succeeded on.
  void Examine(Opcode opcode, const char* path);

 private:
  int64_t Open(int name, const struct statx& file);
  bool ExamineOne(Opcode opcode, const char* path, int flags);

  KnownFileSystems& known_;
  const bool looks_up_;
  const bool has_usual_rights_;
};

}  // namespace caio
