// openat2(2) with RESOLVE_CACHED (Linux 5.12), which older headers lack.
#pragma once

#include <fcntl.h>

#include "abi.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

namespace caio {

// A descriptor, or a negative errno: EAGAIN where looking the path up would have to wait.
inline int OpenCached(const char* path, int flags) {
  struct OpenHow {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
  };
  constexpr uint64_t kResolveCached = 0x20;
  OpenHow how{static_cast<uint64_t>(flags | O_CLOEXEC), 0, kResolveCached};
  return static_cast<int>(abi::Checked(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how)));
}

}  // namespace caio
