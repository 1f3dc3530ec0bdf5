// What is long is done in slices, so that no thread is taken for long.
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
