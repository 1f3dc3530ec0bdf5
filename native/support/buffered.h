// Whether writes to an open file only fill the page cache.
#pragma once

#include <fcntl.h>

namespace caio {

// By status flags, or -1.
inline bool AreBuffered(int flags) {
#ifdef O_DIRECT
  constexpr int kThrough = O_DIRECT | O_DSYNC;
#else
  constexpr int kThrough = O_DSYNC;
#endif
  return flags >= 0 && (flags & kThrough) == 0;
}

inline bool IsOpenBuffered(int fd) { return AreBuffered(fcntl(fd, F_GETFL)); }

}  // namespace caio
