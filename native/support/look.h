// Reads a file's attributes from the kernel's memory.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace caio {

#ifdef STATX_TYPE
// Whether an older kernel or a seccomp filter refuses statx(2): stat(2) then serves.
inline bool IsStatxRefused(int error) {
  return error == ENOSYS || error == EPERM || error == EOPNOTSUPP || error == EINVAL;
}

// statx(2) without asking a server. False, with errno, on failure. `fd` may be an O_PATH
// descriptor.
inline bool Look(int fd, unsigned mask, struct statx& file) {
  return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &file) == 0;
}
#endif

}  // namespace caio
