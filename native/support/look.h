// What the kernel has in memory of a descriptor's file.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

namespace caio {

#ifdef STATX_TYPE
// False, with errno, where it cannot say. Asks no server, and takes a descriptor that names a file without opening it (O_PATH), too.
inline bool Look(int fd, unsigned mask, struct statx& file) {
  return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &file) == 0;
}
#endif

}  // namespace caio
