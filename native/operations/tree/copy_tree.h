// A directory copied with all that is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks, for a slice's time, or more where a file or reading a directory takes long. Both paths are absolute, and name no directory by
// `..`. What it copies to must not be there. `flags` are of tree_copy_flag.
//
// kUnfinished where it is to be called again, with the same memory and `progress`, which is empty the first time. tree_result::kDone when
// all is copied. tree_result::kStopped at an entry that is its caller's to copy, who may have the rest copied by calling it with the same
// memory and no progress: it has noted how far it has come, by names, each ended by a zero, with a `+` in front of a directory's, the top's
// being empty, and a `=` in front of the entry's. It begins with a zero the first time. tree_result::kFailed, with the reason as failure.h
// has it. -EAGAIN where nothing has been done, and it is for Node.
int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity,
                 std::unique_ptr<Progress>& progress);

}  // namespace caio
