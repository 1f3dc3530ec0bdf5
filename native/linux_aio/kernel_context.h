// One kernel AIO context: set up, submitted to, reaped. Used by the loop thread alone.
#pragma once

#include "abi.h"

namespace caio {

class KernelContext {
 public:
  KernelContext() = default;
  ~KernelContext() { Close(); }
  KernelContext(const KernelContext&) = delete;
  KernelContext& operator=(const KernelContext&) = delete;

  // 0 or a negative errno. EAGAIN: fs.aio-max-nr is used up. ENOSYS, EPERM: no kernel AIO, or a seccomp filter.
  int Open(unsigned capacity);

  // How many of `iocbs` the kernel took, from the first on, or the negative errno of the first.
  long Submit(iocb** iocbs, long count) { return abi::Submit(id_, count, iocbs); }

  // Calls `each(event)` for what has completed. No system call where the mapped ring is the one this code knows.
  template <class Each>
  void Reap(Each each) {
    if (!ring_) return ReapBySyscall(each);
    uint32_t head = __atomic_load_n(&ring_->head, __ATOMIC_RELAXED);
    const uint32_t tail = __atomic_load_n(&ring_->tail, __ATOMIC_ACQUIRE);
    while (head != tail) {
      const io_event event = ring_->events[head];
      if (++head == ring_->nr) head = 0;
      // Given back before the callback: it may submit again.
      __atomic_store_n(&ring_->head, head, __ATOMIC_RELEASE);
      each(event);
    }
  }

  // Blocks until an event is there: 1, or 0 after `seconds`, or a negative errno.
  long WaitOne(io_event* event, int seconds);

  // Blocks until the kernel is done with all that was submitted, and for the milliseconds that io_destroy itself takes.
  void Close();

 private:
  template <class Each>
  void ReapBySyscall(Each each) {
    io_event events[64];
    timespec zero{};
    long count;
    do {
      // A signal's business, and the wake-up for what is there has been taken already.
      while ((count = abi::GetEvents(id_, 0, 64, events, &zero)) == -EINTR) {
      }
      for (long i = 0; i < count; i++) each(events[i]);
    } while (count == 64);
  }

  aio_context_t id_ = 0;
  abi::Ring* ring_ = nullptr;
};

}  // namespace caio
