// One request, done by the calling thread with the ordinary system calls.
#pragma once

#include "../request.h"

namespace caio {

// Asks the kernel to fetch what a cold read will want, and does not wait: of several reads, all are then under way at once.
void Prefetch(const Request& request);

// Blocks. Returns what Completion::result wants. A read gives what one call gave, or, behind an earlier attempt, goes on from
// there; a write goes on until all is written or an error stops it: bytes written before an error are reported, and the error
// meets the caller's next write. A write that makes no progress is -EIO, never success.
int64_t PerformBlocking(Request& request);

}  // namespace caio
