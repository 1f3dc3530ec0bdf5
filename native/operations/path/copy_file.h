// Copies a file to another name.
#pragma once

#include <cstdint>

namespace caio {

// Blocks. 0 or a negative errno. Overwrites an existing target, unless `flags` has
// copy_flag::kExclusive; with kLikeSource, gives it the source's owner and times, as libuv since
// 1.49. A copy that fails halfway is removed. A file copied to itself is unchanged.
int64_t CopyFile(const char* from, const char* to, unsigned flags);

}  // namespace caio
