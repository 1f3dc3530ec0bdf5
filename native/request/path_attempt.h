// An operation on a path, or on an open file, that is tried on the loop thread, where it takes no request.
#pragma once

#include <cstddef>

#include "operations.h"

namespace caio {

struct PathAttempt {
  Opcode opcode;
  const char* path;
  unsigned mode;   // what access(2) asks for
  unsigned flags;  // of open(2)
  void* reply;
  size_t capacity;
};

struct OpenAttempt {
  Opcode opcode;
  int fd;
  void* reply;
  size_t capacity;
};

}  // namespace caio
