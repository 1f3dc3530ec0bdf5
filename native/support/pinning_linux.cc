#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstddef>

#include "pinning.h"

namespace caio {

namespace {

constexpr int kBits = sizeof(unsigned long) * CHAR_BIT;

template <typename Mask>
bool Has(const Mask& mask, int processor) {
  return (mask[static_cast<size_t>(processor / kBits)] >> (processor % kBits) & 1) != 0;
}

template <typename Mask>
Mask Only(int processor) {
  Mask mask{};
  mask[static_cast<size_t>(processor / kBits)] = 1ul << (processor % kBits);
  return mask;
}

template <typename Mask>
bool Read(pid_t thread, Mask& mask) {
  return sched_getaffinity(thread, sizeof mask, reinterpret_cast<cpu_set_t*>(mask.data())) == 0;
}

template <typename Mask>
bool Write(pid_t thread, const Mask& mask) {
  return sched_setaffinity(thread, sizeof mask, reinterpret_cast<const cpu_set_t*>(mask.data())) == 0;
}

}  // namespace

bool Pinning::IsStillBound() const {
  Mask now;
  return processor_ >= 0 && Read(thread_, now) && now == Only<Mask>(processor_);
}

pid_t Pinning::Self() { return static_cast<pid_t>(syscall(SYS_gettid)); }

bool Pinning::Bind(pid_t thread) {
  const int processor = sched_getcpu();
  if (processor < 0 || static_cast<size_t>(processor) >= sizeof before_ * CHAR_BIT) return false;
  const bool same = processor_ >= 0 && thread == thread_;
  if (same && processor == processor_) return true;
  if (!same) Release();
  if (!IsStillBound() && !Read(thread, before_)) return false;
  if (!Has(before_, processor) || !Write(thread, Only<Mask>(processor))) {
    Release();
    return false;
  }
  thread_ = thread;
  processor_ = processor;
  return true;
}

void Pinning::Release() {
  if (IsStillBound()) Write(thread_, before_);
  processor_ = -1;
}

void Pinning::MoveAway() {
  if (IsStillBound()) {
    Mask others = before_;
    others[static_cast<size_t>(processor_ / kBits)] &= ~(1ul << (processor_ % kBits));
    // Refused if there is no other.
    Write(thread_, others);
    Write(thread_, before_);
  }
  processor_ = -1;
}

}  // namespace caio
