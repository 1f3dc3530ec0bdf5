// Bytes from one file to another by way of this process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caio {

struct Place {
  int fd;
  off_t offset;
};

// All of the memory, or up to the error that is returned, as a negative errno. `written` is how many were, either way.
int64_t WriteOut(Place to, const char* memory, size_t length, size_t* written);

// As many as there are, at most `length`. 0 or a negative errno; `copied` is how many were, either way. Pool thread; blocks.
int64_t CopyByHand(Place from, Place to, size_t length, size_t* copied);

}  // namespace caio
