// Time limit for one part of a long operation, so that it does not keep a thread for long.
#pragma once

#include <cstdint>

#include "../../support/nanoseconds.h"

namespace caio {

class Slice {
 public:
  explicit Slice(uint64_t nanoseconds) : end_(Nanoseconds() + nanoseconds) {}

  bool IsOver() const { return Nanoseconds() >= end_; }

 private:
  const uint64_t end_;
};

}  // namespace caio
