// The names in a directory and in all below it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks for a slice's time at most, unless the directory itself takes longer. Writes, for the directories that it has read, in the order
// in which they were found: how many directories there are, and how many bytes all names have; how many names each directory has (all of
// these are 32-bit numbers); the type of each name, as libuv numbers it, plus 128 where it is descended into; then the names, each ended
// by a zero, sorted by their bytes within a directory. The caller has to ask for directories that it has not come to.
//
// The number of directories, or a negative errno; -EOVERFLOW where `capacity` does not hold the first of them; -EAGAIN where one below it cannot be read.
// `flags` are of tree_flag.
int64_t ReadTree(const char* path, unsigned flags, char* reply, size_t capacity);

}  // namespace caio
