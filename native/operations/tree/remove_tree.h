// A file, or a directory with all that is in it, removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../request/request.h"

namespace caio {

// Blocks, for a slice's time, or more where reading a directory takes long. Never follows a link, whatever becomes one meanwhile.
// `flags` are of remove_flag.
//
// kUnfinished where it is to be called again, with the same path, which stays where it is, and `progress`, which is empty the first time:
// it has one descriptor. tree_result::kDone when nothing is left. tree_result::kFailed where something in the directory cannot be removed,
// and all else has been: the memory tells what was tried first, as failure.h has it. -EAGAIN where nothing has been done, and it is for
// Node to do something, or to say why not.
int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity,
                   std::unique_ptr<Progress>& progress);

}  // namespace caio
