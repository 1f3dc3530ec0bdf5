// An operation on a path, or on an open file, tried on the loop thread without a request.
#pragma once

#include <cstddef>

#include "operations.h"

namespace caio {

struct PathAttempt {
  Opcode opcode;
  const char* path;
  unsigned mode;   // mode of access(2)
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
