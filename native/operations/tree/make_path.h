// Makes a directory and its missing parents.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks. tree_result::kDone: all existed. tree_result::kMore: some were made, and the memory holds
// the path of the first, ended by a zero. tree_result::kFailed: one could not be made, after others
// had been or because of the file system; the memory holds the reason, see failure.h. -EAGAIN:
// nothing has been done, and Node has to serve the call, or to report its failure.
int64_t MakePath(const char* path, mode_t mode, char* memory, size_t capacity);

}  // namespace caio
