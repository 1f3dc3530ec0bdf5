// A directory copied with all that is in it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Blocks, for a slice's time at most, if one file takes no longer. Both paths are absolute, and name no directory by `..`. `flags` are of
// tree_copy_flag.
//
// tree_result::kDone when all is copied. tree_result::kMore where it is to be called again with the same memory, in which it has noted how
// far it has come: names, each ended by a zero, with kMade or kFound in front of a directory's, and kCopied in front of the last entry that
// is behind it. It begins with a zero the first time. tree_result::kStopped, likewise, where that entry is its caller's to copy. -EAGAIN
// where the whole is.
int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity);

}  // namespace caio
