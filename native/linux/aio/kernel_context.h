// One kernel AIO context: set up, submitted to, reaped. Used by the loop thread, which alone reaps; pool threads submit, too.
#pragma once

#include <atomic>

#include "../kernel_queue.h"
#include "abi.h"

namespace caio {

class KernelContext final : public KernelQueue {
 public:
  ~KernelContext() override { Close(); }

  // A process that has had a context ends later: the kernel waits, for 25 ms and longer, until it is sure that nothing uses the context.
  bool OpensLate() const override { return true; }
  int Check(const char** step) override;
  // EAGAIN: fs.aio-max-nr is used up. ENOSYS, EPERM: no kernel AIO, or a seccomp filter.
  int Open(unsigned capacity, const char** step) override;
  int Signal(int fd, const char** step) override;
  long Submit(const KernelCommand* commands, size_t count) override;
  bool TakesFromAnyThread() const override { return true; }
  // No system call where the mapped ring is the one this code knows.
  size_t Reap(KernelEvent* events, size_t most) override;
  long WaitOne(KernelEvent* event, int seconds) override;
  // Waits for the milliseconds that io_destroy itself takes, too.
  void Close() override;

 private:
  iocb Translate(const KernelCommand& command) const;
  size_t ReapBySyscall(KernelEvent* events, size_t most);

  aio_context_t id_ = 0;
  abi::Ring* ring_ = nullptr;
  int signal_fd_ = -1;
  std::atomic<uint32_t> handed_over_{0};
};

}  // namespace caio
