// Threads that sleep until there is work. The one that fell asleep last is woken first, since its
// memory is still in the caches; but the first where all sleep.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../support/mutex.h"

namespace caio {

// All but Sleeper::Wake with the mutex locked.
class Sleepers {
 public:
  class Sleeper {
   public:
    // Of one that Take returned; also without the mutex.
    void Wake() { woken_.Signal(); }

   private:
    friend class Sleepers;
    Condition woken_;
    bool taken_ = false;
  };

  void Sleep(Sleeper& self, Mutex& mutex) {
    self.taken_ = false;
    asleep_.push_back(&self);
    while (!self.taken_) self.woken_.Wait(mutex);
  }

  // The one that fell asleep last, but for `other` unless that is the only one; nullptr if none
  // sleeps.
  Sleeper* LastBut(const Sleeper* other) const {
    if (asleep_.empty()) return nullptr;
    const size_t count = asleep_.size();
    return count > 1 && asleep_.back() == other ? asleep_[count - 2] : asleep_.back();
  }

  // The one that has slept longest, but for `other` unless that is the only one. Woken again and again,
  // one thread stays on another processor than the waker, which falls asleep meanwhile: to wake it
  // takes longer each time than what it does. Of several in turn, the scheduler puts most beside the waker.
  Sleeper* FirstBut(const Sleeper* other) const {
    if (asleep_.empty()) return nullptr;
    return asleep_.size() > 1 && asleep_.front() == other ? asleep_[1] : asleep_.front();
  }

  bool IsAsleep(const Sleeper& sleeper) const {
    return std::find(asleep_.begin(), asleep_.end(), &sleeper) != asleep_.end();
  }

  // Takes one that sleeps, which the caller has to wake.
  Sleeper* Take(Sleeper* sleeper) {
    asleep_.erase(std::find(asleep_.begin(), asleep_.end(), sleeper));
    sleeper->taken_ = true;
    return sleeper;
  }

  void WakeAll() {
    while (!asleep_.empty()) Take(asleep_.back())->Wake();
  }

 private:
  std::vector<Sleeper*> asleep_;
};

}  // namespace caio
