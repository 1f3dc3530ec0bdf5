// Whether a thread has waited where it should not have: it took long, and gave its processor away by itself.
#pragma once

#include <sys/resource.h>

#include <cstdint>

#include "../support/nanoseconds.h"

namespace caio {

// How often the calling thread has waited for something so far.
inline uint64_t VoluntarySwitches() {
  rusage used;
  return getrusage(RUSAGE_THREAD, &used) == 0 ? static_cast<uint64_t>(used.ru_nvcsw) : 0;
}

// Measures one thread. It fetches the count only now and then, since that is a system call.
class WaitMeter {
 public:
  void Begin(uint64_t now) {
    begun_ = now;
    if (now - counted_at_ < kBetween) return;
    counted_at_ = now;
    switches_ = VoluntarySwitches();
  }

  // A thread that was only preempted has not waited. If the count is older than the turn's beginning, the answer is no: the switch may have
  // been an allowed wait before the turn. The next turn fetches a new count.
  bool HasWaited(uint64_t now) {
    if (now - begun_ <= kLong) return false;
    const bool counted = counted_at_ == begun_;
    counted_at_ = 0;
    return counted && VoluntarySwitches() != switches_;
  }

 private:
  static constexpr uint64_t kLong = 1000 * 1000;  // nanoseconds
  static constexpr uint64_t kBetween = 100 * 1000;
  uint64_t begun_ = 0;
  uint64_t counted_at_ = 0;
  uint64_t switches_ = 0;
};

}  // namespace caio
