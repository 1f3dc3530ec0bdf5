// Operations on an open file, other than transfers and syncs.
#pragma once

#include "../request/request.h"

namespace caio {

// Pool thread; blocks. 0 or the operation's result, or a negative errno, -ENOSYS if this system
// lacks the operation.
int64_t PerformControl(const Request& request);

// The part that depends on the system: file_control_linux.cc or file_control_elsewhere.cc.
int64_t PerformSystemControl(const Request& request);

}  // namespace caio
