// Probes the file system of a directory by real operations on a temporary file in it. For `caio
// doctor`.
#pragma once

#include <cstdint>
#include <vector>

namespace caio {

// A system call's result (bytes, 0, or a negative errno), or a number; lib/backends/binding.ts
// documents each name.
struct Answer {
  const char* name;
  int64_t value;
};

// Loop thread; blocks on the disk, so only for a program without other work. Omits answers that
// depend on one that failed.
std::vector<Answer> ProbeDirectory(const char* directory);

}  // namespace caio
