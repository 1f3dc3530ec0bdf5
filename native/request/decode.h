// From the numbers and views that JavaScript hands over to a Request. Pure: trusts nothing, touches no memory but its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "request.h"

namespace caio {

// The memory of one ArrayBufferView, as it is at this moment.
struct View {
  void* data;
  size_t length;
};

// The operation that a record is of. False where its number is none.
bool DecodeOpcode(const double* record, Opcode* opcode);

// Fills `request`, whose channel, id and path are the caller's to set. 0, or -EFAULT where the views do not hold the bytes asked for
// (a buffer detached or shrunk since it was handed in), or -EINVAL where the numbers make no request.
int DecodeRequest(const double* record, const View* views, size_t view_count, Request& request);

}  // namespace caio
