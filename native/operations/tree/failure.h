// The reason of a failure in a tree, as written to its operation's memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../support/text.h"

namespace caio {

// Writes the errno as a 32-bit number, then the system call's name and the path, each ended by a
// zero. Cuts off what does not fit.
inline void TellFailure(int error, const char* syscall, const Text& path, char* memory, size_t capacity) {
  const auto number = static_cast<int32_t>(error);
  Text text(reinterpret_cast<const char*>(&number), sizeof number);
  text.Append(syscall).Append('\0').Append(path);
  const size_t length = std::min(text.size(), capacity - 1);
  memcpy(memory, text.c_str(), length);
  memory[length] = '\0';
}

}  // namespace caio
