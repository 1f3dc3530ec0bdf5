// Decodes the numbers and views of JavaScript into a Request. Pure: trusts nothing, and touches
// only its own memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "request.h"

namespace caio {

// Memory of an ArrayBufferView at this moment.
struct View {
  void* data;
  size_t length;
};

// The operation of a record. False if its number is unknown.
bool DecodeOpcode(const double* record, Opcode* opcode);

// Fills `request`, except channel, id and path, which the caller sets. 0; -EFAULT if the views do
// not hold the bytes asked for (a buffer was detached or shrunk since the call); -EINVAL if the
// numbers are no valid request.
int DecodeRequest(const double* record, const View* views, size_t view_count, Request& request);

}  // namespace caio
