// The entries of a directory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

enum class Order { kOfBytes, kAsFound };

// Blocks. Writes the length of all names as a 32-bit number, then the names, each ended by a zero, in that order, then a byte for the type of
// each, as libuv numbers them. Their number, or a negative errno; -EOVERFLOW where `capacity` does not hold it all.
int64_t ReadDirectory(const char* path, Order order, char* reply, size_t capacity);

}  // namespace caio
