// Operations on paths, done without waiting. Any thread.
#pragma once

#include <cstdint>

#include "../request/path_attempt.h"
#include "known_file_systems.h"
#include "released_files.h"

namespace caio {

class CachedPaths {
 public:
  explicit CachedPaths(KnownFileSystems& known);

  // As PerformPath, if the kernel has the path cached, or has cached that there is no such path, on
  // a file system known to serve attributes without waiting. Else -EAGAIN: the caller goes to the
  // pool.
  //
  // Sets `mount` to the file's mount, if that was found.
  int64_t Attempt(const PathAttempt& attempt, uint64_t now, MountKey* mount);

  // The same for an open file. Closes only a file opened for reading whose close cannot wait; after
  // -EAGAIN it is still open.
  int64_t AttemptOpen(const OpenAttempt& attempt, uint64_t now, MountKey* mount);

  // Pool thread; blocks. Before a close that AttemptOpen has left to it: releases the file as the
  // close of its last descriptor would. Returns the file's state, for HasClosed after the close; 0
  // if a later close may wait all the same.
  FileState Release(int fd);
  void HasClosed(FileState state);

  // Pool thread; blocks. Examines the file system of a path on which an operation has succeeded.
  // `quick`: it has waited for nothing.
  void Examine(Opcode opcode, const char* path, bool quick);

 private:
  int64_t Open(int name, const struct statx& file);
  int64_t Close(int fd, const struct statx& file);
  bool ExamineOne(const char* path, int flags, bool opened_quickly);

  KnownFileSystems& known_;
  ReleasedFiles released_;
  const bool looks_up_;
  const bool has_usual_rights_;
};

}  // namespace caio
