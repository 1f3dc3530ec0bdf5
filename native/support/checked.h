// The return value of a system call as a result: a negative errno if it failed.
#pragma once

#include <errno.h>

#include <cstdint>

namespace caio {

inline int64_t Checked(int64_t result) { return result < 0 ? -errno : result; }

// The same for a call that is made again if a signal interrupts it.
template <typename Call>
int64_t Uninterrupted(Call call) {
  for (;;) {
    const int64_t result = Checked(call());
    if (result != -EINTR) return result;
  }
}

// Repeats the call likewise. Returns its result, and leaves errno unchanged.
template <typename Call>
int Repeated(Call call) {
  for (;;) {
    const int result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace caio
