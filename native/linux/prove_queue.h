// Proves that a kernel queue works.
#pragma once

#include "kernel_queue.h"

namespace caio {

// Writes to an empty file and reads it back, through a newly opened queue, which is closed on
// failure. 0, or a negative errno and the step that failed.
int ProveQueue(KernelQueue& queue, int fd, const char** step);

}  // namespace caio
