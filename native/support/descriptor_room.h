// Room in the process's table of descriptors.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace caio {

// Descriptors that there is room for before any of them is needed.
constexpr uint64_t kDescriptors = 4096;

// Pool thread; blocks, once a process. Where the table is too small for one more, the kernel waits for all processors (synchronize_rcu): 5
// to 15 ms, which an open from the loop thread is not to take. It never shrinks. `fd` is any that is open.
inline void MakeRoomForDescriptors(int fd) {
  static std::atomic<bool> made{false};
  if (made.exchange(true)) return;
  // Not by getrlimit, which a newer musl has not by the name that glibc's headers give it.
  uint64_t limits[2];
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, limits) != 0 || limits[0] == 0) return;
  const int last = fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(std::min(limits[0], kDescriptors) - 1));
  if (last >= 0) close(last);
}

}  // namespace caio
