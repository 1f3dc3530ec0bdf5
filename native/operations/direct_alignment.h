// Alignment that O_DIRECT needs of memory, offset and length: stated by statx(2), or found by
// trying reads of all sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

struct DirectAlignment {
  int64_t memory = 0;  // bytes; 0 if unknown
  int64_t offset = 0;
};

// Largest alignment tried, a power of two.
constexpr size_t kLargestAlignment = 64 * 1024;

// Any thread; does not wait for a disk. Unknown before Linux 6.1, and on file systems that do not
// state it.
DirectAlignment StatedAlignment(int fd);

// Blocks. `fd` is open with O_DIRECT and has at least 2 * kLargestAlignment bytes; `memory` is
// aligned to 2 * kLargestAlignment and as large, so that `memory + n` is aligned to n and no more.
DirectAlignment TriedAlignment(int fd, char* memory);

// Pool thread; blocks. Tries the file itself or, if it is too small, a temporary file beside it.
// Bytes, or a negative errno. `which` is of alignment_of.
int64_t FindAlignment(int fd, int which);

}  // namespace caio
