// What a system call has returned, as a result.
#pragma once

#include <errno.h>

#include <cstdint>

namespace caio {

inline int64_t Checked(int64_t result) { return result < 0 ? -errno : result; }

}  // namespace caio
