// Whether a kernel's queue does what it says.
#pragma once

#include "kernel_queue.h"

namespace caio {

// Writes to an empty file and reads that again, by a queue that has just been opened; it is closed where that fails. 0, or a negative
// errno with the step that failed.
int ProveQueue(KernelQueue& queue, int fd, const char** step);

}  // namespace caio
