// What the kernel has in memory of a descriptor's file.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

namespace caio {

#ifdef STATX_TYPE
// False, with errno, if it fails. Asks no server. `fd` may be a descriptor that names a file without opening it (O_PATH).
inline bool Look(int fd, unsigned mask, struct statx& file) {
  return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &file) == 0;
}
#endif

}  // namespace caio
