// openat2(2) with RESOLVE_CACHED (Linux 5.12), which older headers lack.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

namespace caio {

// A descriptor, or a negative errno: -EAGAIN if the lookup would wait.
inline int OpenCached(const char* path, int flags) {
  struct OpenHow {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
  };
  constexpr uint64_t kResolveCached = 0x20;
  OpenHow how{static_cast<uint64_t>(flags | O_CLOEXEC), 0, kResolveCached};
  const long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

}  // namespace caio
