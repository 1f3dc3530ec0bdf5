// The names in a directory and in all below it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks, for a slice's time at most, if the directory itself takes no longer. Writes the directories that it has read, each after
// those that were found before it: how many names each has, as 32-bit numbers; then of each name what it is, as libuv numbers it, with
// 128 added where it is descended into; then the names, each ended by a zero, a directory's in the order of their bytes. Their number
// in front, and behind it that of the bytes of all names. Directories that it has not come to are its caller's.
//
// The number of directories, or a negative errno; -EOVERFLOW where `capacity` does not hold the first of them; -EAGAIN where one below it cannot be read.
// `flags` are of tree_flag.
int64_t ReadTree(const char* path, unsigned flags, char* reply, size_t capacity);

}  // namespace caio
