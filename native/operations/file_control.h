// What is done to an open file besides moving its bytes between it and memory.
#pragma once

#include "../request/request.h"

namespace caio {

// Pool thread; blocks. 0 or what the operation gives, or a negative errno: -ENOSYS where this system has no such thing.
int64_t PerformControl(const Request& request);

// Its part that is another on each system: file_control_linux.cc, or file_control_elsewhere.cc.
int64_t PerformSystemControl(const Request& request);

}  // namespace caio
