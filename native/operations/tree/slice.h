// What is long is done in slices, so that no thread is taken for long.
#pragma once

#include <cstdint>

#include "../../support/nanoseconds.h"

namespace caio {

class Slice {
 public:
  explicit Slice(uint64_t nanoseconds) : start_(Nanoseconds()), length_(nanoseconds) {}

  // Reads a directory, which the next slice has to read anew: where that takes long, this one goes on for longer.
  template <typename Read>
  int64_t Reading(Read read) {
    const uint64_t before = Nanoseconds();
    const int64_t result = read();
    const uint64_t took = Nanoseconds() - before;
    if (took > kLong) length_ += kShare * took;
    return result;
  }

  bool IsOver() const { return Nanoseconds() - start_ >= length_; }

 private:
  static constexpr uint64_t kLong = 1000 * 1000;
  static constexpr uint64_t kShare = 6;

  const uint64_t start_;
  uint64_t length_;
};

}  // namespace caio
