#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstddef>

#include "descriptor.h"
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

// Those of container engines refuse calls; those of systemd's units end the process by default, and
// are told from plain programs only by their filter.
bool Pinning::MayBind() {
  char text[8192];
  const Descriptor status(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const ssize_t length = status.valid() ? read(status.get(), text, sizeof text - 1) : 0;
  text[length > 0 ? length : 0] = 0;
  const char* const seccomp = strstr(text, "\nSeccomp:\t");
  const bool is_filtered = !seccomp || seccomp[strlen("\nSeccomp:\t")] != '0';
  if (!is_filtered || getenv("KUBERNETES_SERVICE_HOST") || getenv("container")) return true;
  constexpr int kLook = O_PATH | O_CLOEXEC;
  return Descriptor(open("/.dockerenv", kLook)).valid() || Descriptor(open("/run/.containerenv", kLook)).valid();
}

bool Pinning::IsStillBound() const {
  Mask now;
  return processor_ >= 0 && Read(thread_, now) && now == Only<Mask>(processor_);
}

pid_t Pinning::Self() { return static_cast<pid_t>(syscall(SYS_gettid)); }

bool Pinning::Bind(pid_t thread) {
  if (permission_ == Permission::kUnknown) permission_ = MayBind() ? Permission::kGiven : Permission::kRefused;
  if (permission_ == Permission::kRefused) return false;
  const int processor = sched_getcpu();
  if (processor < 0 || static_cast<size_t>(processor) >= sizeof before_ * CHAR_BIT) return false;
  const bool same = processor_ >= 0 && thread == thread_;
  if (same && processor == processor_) return true;
  if (!same) Release();
  if (!IsStillBound() && !Read(thread, before_)) return false;
  const bool may_run_here = Has(before_, processor);
  if (!may_run_here || !Write(thread, Only<Mask>(processor))) {
    if (may_run_here && (errno == EPERM || errno == ENOSYS)) permission_ = Permission::kRefused;
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
