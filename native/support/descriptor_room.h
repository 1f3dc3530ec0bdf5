// Makes room in the process's table of descriptors.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace caio {

// Descriptors for which room is made in advance.
constexpr uint64_t kDescriptors = 4096;

// Pool thread; blocks, once per process. To grow the table, the kernel waits for all processors
// (synchronize_rcu): 5 to 15 ms, too long for an open on the loop thread. The table never shrinks.
// `fd` is any open descriptor.
inline void MakeRoomForDescriptors(int fd) {
  static std::atomic<bool> made{false};
  if (made.exchange(true)) return;
  // Not getrlimit: glibc's headers map it to a name that a newer musl lacks.
  uint64_t limits[2];
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, limits) != 0 || limits[0] == 0) return;
  const int last = fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(std::min(limits[0], kDescriptors) - 1));
  if (last >= 0) close(last);
}

}  // namespace caio
