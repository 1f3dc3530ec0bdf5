// Why something in a tree was not done, as the memory of its operation tells it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../support/text.h"

namespace caio {

// The errno as a 32-bit number, then the name of the system call, and the path, both ended by a zero. What does not fit is cut off.
inline void TellFailure(int error, const char* syscall, const Text& path, char* memory, size_t capacity) {
  const auto number = static_cast<int32_t>(error);
  Text text(reinterpret_cast<const char*>(&number), sizeof number);
  text.Append(syscall).Append('\0').Append(path);
  const size_t length = std::min(text.size(), capacity - 1);
  memcpy(memory, text.c_str(), length);
  memory[length] = '\0';
}

}  // namespace caio
