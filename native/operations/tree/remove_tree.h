// A file, or a directory with all that is in it, removed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks, for a slice's time, or more where reading a directory takes long. Never follows a link, whatever becomes one meanwhile.
// `flags` are of remove_flag.
//
// tree_result::kDone when nothing is left. tree_result::kMore where it is to be called again, with the same memory, which begins with 32
// zeros the first time. tree_result::kFailed where something in the directory cannot be removed, and all else has been: the memory tells what
// was tried first, as failure.h has it. -EAGAIN where nothing has been done, and it is for Node to do something, or to say why not.
int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity);

}  // namespace caio
