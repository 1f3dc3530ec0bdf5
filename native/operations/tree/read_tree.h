// Reads the names in a directory and in all directories below it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks for a slice's time at most, unless the directory itself takes longer. Writes what it has
// read, directories in the order in which they were found: the number of directories, and the bytes
// of all names; the number of names per directory (all of these are 32-bit numbers); the type of
// each name, as libuv numbers it, plus 128 if it is descended into; then the names, each ended by a
// zero, sorted by their bytes within a directory. The caller has to ask for the directories not
// reached.
//
// Returns the number of directories, or a negative errno: -EOVERFLOW if `capacity` does not hold
// the first, -EAGAIN if one below it cannot be read. `flags`: tree_flag.
int64_t ReadTree(const char* path, unsigned flags, char* reply, size_t capacity);

}  // namespace caio
