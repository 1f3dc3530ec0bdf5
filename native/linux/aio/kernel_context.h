// One kernel AIO context. Only the loop thread reaps; pool threads submit, too.
#pragma once

#include <atomic>

#include "../kernel_queue.h"
#include "abi.h"

namespace caio {

class KernelContext final : public KernelQueue {
 public:
  ~KernelContext() override { Close(); }

  // A process that has had a context exits later: the kernel waits 25 ms or longer until it is sure
  // that nothing uses the context.
  bool OpensLate() const override { return true; }
  int Check(const char** step) override;
  // -EAGAIN: fs.aio-max-nr is used up. -ENOSYS, -EPERM: no kernel AIO, or a seccomp filter.
  int Open(unsigned capacity, const char** step) override;
  int Signal(int fd, const char** step) override;
  long Submit(const KernelCommand* commands, size_t count) override;
  bool TakesFromAnyThread() const override { return true; }
  // Reads the mapped ring, without a system call, if its layout is known; else by io_getevents.
  size_t Reap(KernelEvent* events, size_t most) override;
  long WaitOne(KernelEvent* event, int seconds) override;
  // Also waits the milliseconds that io_destroy itself takes.
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
