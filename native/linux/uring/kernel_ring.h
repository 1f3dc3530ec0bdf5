// One io_uring: set up, submitted to, reaped. Linux 5.6 and later. Used by the loop thread alone.
#pragma once

#include "../kernel_queue.h"
#include "abi.h"

namespace caio {

class KernelRing final : public KernelQueue {
 public:
  ~KernelRing() override { Close(); }

  // ENOSYS: no io_uring, or one from before 5.6. EPERM: kernel.io_uring_disabled, or a seccomp filter. ENOMEM: before 5.12, perhaps
  // the limit of locked memory.
  bool OpensLate() const override { return false; }
  int Check(const char**) override { return 0; }
  int Open(unsigned capacity, const char** step) override;
  int Signal(int fd, const char** step) override;
  // The errors of files come as events.
  long Submit(const KernelCommand* commands, size_t count) override;
  // There is one queue, without a lock. And submitting does not wait: an io_uring only tries the lock by which file systems are frozen.
  bool TakesFromAnyThread() const override { return false; }
  size_t Reap(KernelEvent* events, size_t most) override;
  // EBADF: somebody has closed our descriptor.
  long WaitOne(KernelEvent* event, int seconds) override;
  // Closing the descriptor does not wait: in-flight commands would still write to their memory.
  void Close() override;

 private:
  int Map(const uring::Params& params);
  int HasOperations();

  int fd_ = -1;
  void* rings_ = nullptr;
  size_t rings_bytes_ = 0;
  uring::Sqe* sqes_ = nullptr;
  size_t sqes_bytes_ = 0;

  // In the mapped rings. The submission queue's tail and the completion queue's head are ours to write.
  uint32_t* sq_head_ = nullptr;
  uint32_t* sq_tail_ = nullptr;
  uint32_t sq_mask_ = 0;
  uint32_t* cq_head_ = nullptr;
  uint32_t* cq_tail_ = nullptr;
  uint32_t cq_mask_ = 0;
  const uring::Cqe* cqes_ = nullptr;

  size_t in_flight_ = 0;
};

}  // namespace caio
