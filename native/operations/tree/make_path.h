// A directory, and those on the way to it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks. Writes the path of the first directory that it has made: its length, 0 where all were there. -EAGAIN where one cannot be
// made, whatever that may come from: those before it are gone again.
int64_t MakePath(const char* path, mode_t mode, char* reply, size_t capacity);

}  // namespace caio
