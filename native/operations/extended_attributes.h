// Extended attributes, access control lists among them.
#pragma once

#include <stdint.h>

namespace caio {

// Copies the attributes of `from` to `to`, as far as this process may. The number of those that it
// may not copy, or a negative errno.
int64_t CopyAttributes(int from, int to);

}  // namespace caio
