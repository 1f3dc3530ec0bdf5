// Reads the entries of a directory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

enum class Order { kOfBytes, kAsFound };

// Blocks. Writes the length of all names as a 32-bit number, then the names in `order`, each with a
// terminating zero, then a byte per name for its type, numbered as in libuv. Returns the number of
// entries, or a negative errno, -EOVERFLOW if `capacity` is too small.
int64_t ReadDirectory(const char* path, Order order, char* reply, size_t capacity);

}  // namespace caio
