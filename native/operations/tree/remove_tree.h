// A file, or a directory with all that is in it, removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks, for a slice's time, or more where reading a directory takes long. Never follows a link, even if an entry becomes one meanwhile.
// `flags` are of remove_flag.
//
// kUnfinished: call it again, with the same path, whose memory must not move, and `progress`, which is empty the first time and holds one
// descriptor. tree_result::kDone: nothing is left. tree_result::kFailed: something in the directory cannot be removed, and all else has
// been; the memory has the first failure, as in failure.h. -EAGAIN: nothing has been done, and Node has to serve the call, or to report
// its failure.
int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity,
                   std::unique_ptr<Progress>& progress);

}  // namespace caio
