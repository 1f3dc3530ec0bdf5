// One io_uring. Linux 5.6 and later. Loop thread only.
#pragma once

#include "../kernel_queue.h"
#include "abi.h"

namespace caio {

class KernelRing final : public KernelQueue {
 public:
  ~KernelRing() override { Close(); }

  bool OpensLate() const override { return false; }
  int Check(const char**) override { return 0; }
  // -ENOSYS: no io_uring, or one from before 5.6. -EPERM: kernel.io_uring_disabled, or a seccomp filter.
  // -ENOMEM: before 5.12, perhaps the limit of locked memory.
  int Open(unsigned capacity, const char** step) override;
  int Signal(int fd, const char** step) override;
  // Errors of files come as events.
  long Submit(const KernelCommand* commands, size_t count) override;
  // One queue, without a lock. Submitting does not wait: io_uring only tries the lock by which file
  // systems are frozen.
  bool TakesFromAnyThread() const override { return false; }
  size_t Reap(KernelEvent* events, size_t most) override;
  // -EBADF: other code has closed our descriptor.
  long WaitOne(KernelEvent* event, int seconds) override;
  // Waits for the commands in flight: closing the descriptor would not, and they would still write
  // to their memory.
  void Close() override;

 private:
  int Map(const uring::Params& params);
  int HasOperations();

  int fd_ = -1;
  void* rings_ = nullptr;
  size_t rings_bytes_ = 0;
  uring::Sqe* sqes_ = nullptr;
  size_t sqes_bytes_ = 0;

  // Pointers into the mapped rings. We write only the submission queue's tail and the completion
  // queue's head.
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
