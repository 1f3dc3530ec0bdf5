// What O_DIRECT asks of memory, offset and length: as statx(2) states it, or found by reads of all sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

struct DirectAlignment {
  int64_t memory = 0;  // bytes; 0 where it is not known
  int64_t offset = 0;
};

// The largest alignment that is tried, a power of two.
constexpr size_t kLargestAlignment = 64 * 1024;

// Any thread; does not wait for a disk. Nothing is known before Linux 6.1, nor on file systems that do not say.
DirectAlignment StatedAlignment(int fd);

// Waits for the disk. `fd` is open with O_DIRECT and has 2 * kLargestAlignment bytes; `memory` is aligned to 2 * kLargestAlignment
// and has as many bytes, so that `memory + n` is aligned to n and no more.
DirectAlignment TriedAlignment(int fd, char* memory);

// Pool thread. Tries the file itself, or, if it is too small, a temporary one beside it: bytes, or a negative errno.
// `which` is of alignment_of.
int64_t FindAlignment(int fd, int which);

}  // namespace caio
