// A file copied to another name.
#pragma once

#include <cstdint>

namespace caio {

// Blocks. 0 or a negative errno. What is at the other name is overwritten, unless `flags` has copy_flag::kExclusive; a copy that fails
// halfway is removed. A file copied to itself is not changed.
int64_t CopyFile(const char* from, const char* to, unsigned flags);

}  // namespace caio
