// A file, or a directory with all that is in it, removed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks, for a slice's time at most, if reading a directory takes no longer. Never follows a link, whatever becomes one meanwhile.
// `flags` are of remove_flag.
//
// 0 when nothing is left. tree_result::kMore where it is to be called again. tree_result::kStopped where something in the directory cannot be
// removed, and all else has been: the memory has the errno of what was tried first, as a 32-bit number, then the name of the system call,
// and the path, both ended by a zero. -EAGAIN where nothing has been done, and it is for Node to do something, or to say why not.
int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity);

}  // namespace caio
