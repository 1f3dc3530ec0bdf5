// A directory, and those on the way to it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks. tree_result::kDone where all were there. tree_result::kMore where some have been made: the memory has the path of the first, ended
// by a zero. tree_result::kFailed where one could not be, after others or by the fault of the file system: the memory says why, as
// failure.h has it. -EAGAIN where nothing has been done, and it is for Node to do something, or to say why not.
int64_t MakePath(const char* path, mode_t mode, char* memory, size_t capacity);

}  // namespace caio
