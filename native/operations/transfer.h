// One request, done by the calling thread with the ordinary system calls.
#pragma once

#include "../request/request.h"

namespace caio {

// What a read has yet to move.
struct Range {
  int fd;
  int64_t offset;
  int64_t length;
};

inline Range RangeOf(const Request& request) {
  const auto done = static_cast<int64_t>(request.transfer.done);
  return {request.fd, request.offset + done, static_cast<int64_t>(request.length) - done};
}

// Asks the kernel to fetch what a cold read will want, and does not wait: of several reads, all are then under way at once.
void Prefetch(const Range& range);

// Blocks. Returns what Completion::result wants. A read gives what one call gave, or, behind an earlier attempt, goes on from
// there; a write goes on until all is written or an error stops it: bytes written before an error are reported, and the error
// meets the caller's next write. A write that makes no progress is -EIO, never success.
int64_t PerformBlocking(Request& request);

}  // namespace caio
