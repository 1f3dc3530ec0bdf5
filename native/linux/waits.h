// Detects that a thread waited where it should not have: it took long, and gave up its processor by
// itself.
#pragma once

#include <sys/resource.h>

#include <cstdint>

#include "../support/nanoseconds.h"

namespace caio {

// How often the calling thread has waited so far.
inline uint64_t VoluntarySwitches() {
  rusage used;
  return getrusage(RUSAGE_THREAD, &used) == 0 ? static_cast<uint64_t>(used.ru_nvcsw) : 0;
}

// Measures one thread. Fetches the count only now and then, since that takes a system call.
class WaitMeter {
 public:
  void Begin(uint64_t now) {
    begun_ = now;
    if (now - counted_at_ < kBetween) return;
    counted_at_ = now;
    switches_ = VoluntarySwitches();
  }

  // Whether the thread has waited since Begin; preemption does not count. False if the count is
  // older than Begin: the switch may have been an allowed wait before it. The next Begin fetches a
  // new count.
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
