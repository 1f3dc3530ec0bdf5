// What a system call has returned, as a result.
#pragma once

#include <errno.h>

#include <cstdint>

namespace caio {

inline int64_t Checked(int64_t result) { return result < 0 ? -errno : result; }

// The same of a call that is made again where a signal has come between.
template <typename Call>
int64_t Uninterrupted(Call call) {
  for (;;) {
    const int64_t result = Checked(call());
    if (result != -EINTR) return result;
  }
}

// Likewise, with its own result, and errno.
template <typename Call>
int Repeated(Call call) {
  for (;;) {
    const int result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace caio
