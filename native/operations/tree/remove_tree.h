// Removes a file, or a directory and everything in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks for the time of a slice, or longer if reading a directory takes long. Never follows a
// link, even if an entry is replaced by one meanwhile. `flags`: remove_flag.
//
// kUnfinished: call again with the same path, whose memory must not move, and `progress`, which is
// empty the first time and holds one descriptor. tree_result::kDone: nothing is left.
// tree_result::kFailed: something in the directory cannot be removed, and everything else has been;
// the memory holds the first failure, see failure.h. -EAGAIN: nothing has been done, and Node has
// to serve the call, or to report its failure.
int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity,
                   std::unique_ptr<Progress>& progress);

}  // namespace caio
