// A directory copied with all that is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks, for a slice's time, or more where a file or reading a directory takes long. Both paths are absolute, and name no directory by
// `..`. Nothing may exist at `to`. `flags` are of tree_copy_flag.
//
// kUnfinished: call it again, with the same memory and `progress`, which is empty the first time. tree_result::kDone: all is copied.
// tree_result::kStopped: it has come to an entry that the caller has to copy. To have the rest copied, the caller then calls it with the
// same memory and no progress. The memory says how far it has come: the names of the directories on the way, each after a `+` (the top's
// name is empty), then the entry's name after a `=`; a zero ends each. Before the first call, the memory begins with a zero.
// tree_result::kFailed: the memory has the reason, as in failure.h. -EAGAIN: nothing has been done, and Node has to serve the call.
int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity,
                 std::unique_ptr<Progress>& progress);

}  // namespace caio
