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

}  // namespace caio
