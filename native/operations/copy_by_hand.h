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

// As many as there are, at most `length`. 0 or a negative errno; `copied` is how many were, either way. Pool thread; blocks.
int64_t CopyByHand(Place from, Place to, size_t length, size_t* copied);

}  // namespace caio
