// Copies a directory and everything in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks for the time of a slice, or longer if a file or reading a directory takes long. Both paths
// are absolute, without `..`. Nothing may exist at `to`. `flags`: tree_copy_flag.
//
// kUnfinished: call again with the same memory and `progress`, which is empty the first time.
// tree_result::kDone: everything is copied.
//
// tree_result::kStopped: the copy has reached an entry that the caller has to copy. The caller then
// calls again with the same memory and no progress, to copy the rest. The memory holds the
// position: the names of the directories down to the entry, each after a `+` (the top's name is
// empty), then the entry's name after a `=`; a zero ends each. Before the first call, the memory
// begins with a zero.
//
// tree_result::kFailed: the memory holds the reason, see failure.h. -EAGAIN: nothing has been done,
// and Node has to serve the call.
int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity,
                 std::unique_ptr<Progress>& progress);

}  // namespace caio
