// Performs one request on the calling thread, by ordinary system calls.
#pragma once

#include "../request/request.h"

namespace caio {

// The part of a read not yet done.
struct Range {
  int fd;
  int64_t offset;
  int64_t length;
};

inline Range RangeOf(const Request& request) {
  const auto done = static_cast<int64_t>(request.transfer.done);
  return {request.fd, request.offset + done, static_cast<int64_t>(request.length) - done};
}

// Asks the kernel to fetch the range of a cold read, without waiting, so that several reads are
// under way at once.
void Prefetch(const Range& range);

// Blocks. Returns Completion::result. A read returns what one call gave or, after an earlier
// attempt, continues from there. A write continues until all is written or an error stops it: the
// bytes written before an error are reported, and the error meets the caller's next write. A write
// that makes no progress fails with -EIO.
int64_t PerformBlocking(Request& request);

}  // namespace caio
