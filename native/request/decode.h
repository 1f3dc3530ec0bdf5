// From the numbers and views that JavaScript hands over to a Request. Pure: trusts nothing, touches no memory but its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "request.h"

namespace caio {

// One record of lib/protocol/port.ts: what each of its numbers means.
enum RecordField : size_t {
  kFieldOpcode,
  kFieldFd,
  kFieldOffset,      // in the file
  kFieldLength,      // bytes
  kFieldByteOffset,  // where in the view the memory starts
  kFieldHints,       // an ioprio value, plus kFreshMemory, kDurableWrite, kAppendingWrite
  kFieldFileKey,
  kRecordFields = 8,
};

// Nothing has touched the memory yet: it is worth faulting in as a whole.
constexpr uint16_t kFreshMemory = 0x8000;
// In bits that an ioprio value leaves free; the numbers are shared with lib/protocol/port.ts.
constexpr uint16_t kDurableWrite = 0x0008;
constexpr uint16_t kAppendingWrite = 0x0010;

// The memory of one ArrayBufferView, as it is at this moment.
struct View {
  void* data;
  size_t length;
};

// Fills `request`, whose channel, id and path are the caller's to set. 0, or -EFAULT where the views do not hold the bytes asked for
// (a buffer detached or shrunk since it was handed in), or -EINVAL where the numbers make no request.
int DecodeRequest(const double* record, const View* views, size_t view_count, Request& request);

}  // namespace caio
