// What the file system under a directory answers, found by real operations on a temporary file in it. For `caio doctor`.
#pragma once

#include <cstdint>
#include <vector>

namespace caio {

// A result as the system call gave it (bytes, 0, or a negative errno), or a number; lib/backends/binding.ts says which.
struct Answer {
  const char* name;
  int64_t value;
};

// Loop thread, and waits for the disk: not for a program that has other work meanwhile. Answers that depend on one that failed are
// left out.
std::vector<Answer> ProbeDirectory(const char* directory);

}  // namespace caio
