// Copies bytes from one file to another through this process's memory.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caio {

struct Place {
  int fd;
  off_t offset;
};

// Writes all of the memory, or stops at an error, which is returned as a negative errno. `written`:
// bytes written, either way.
int64_t WriteOut(Place to, const char* memory, size_t length, size_t* written);

// Copies up to `length` bytes, or to the end of `from`. 0 or a negative errno; `copied`: bytes
// copied, either way. Pool thread; blocks.
int64_t CopyByHand(Place from, Place to, size_t length, size_t* copied);

}  // namespace caio
