// An asynchronous queue in the kernel: kernel AIO or io_uring. Loop thread only; pool threads
// submit, too, if TakesFromAnyThread().
#pragma once

#include <cstddef>
#include <cstdint>

#include "../request/request.h"

namespace caio {

// A request, which stays in place until its event is reaped, and its RWF_ flags.
struct KernelCommand {
  uint32_t slot;
  const Request* request;
  int flags;
};

// The memory of a read or write, as the kernel takes it: address and length of a list of buffers,
// or address and bytes of one buffer.
inline uint64_t AddressOf(const Request& request) {
  const void* memory = request.vectors ? request.vectors.get() : request.single.iov_base;
  return reinterpret_cast<uintptr_t>(memory);
}
inline size_t BuffersOrBytesOf(const Request& request) {
  return request.vectors ? static_cast<size_t>(request.transfer.vector_count) : request.single.iov_len;
}

struct KernelEvent {
  uint32_t slot;
  int64_t result;  // bytes moved, 0 for a sync, or a negative errno
};

class KernelQueue {
 public:
  KernelQueue() = default;
  virtual ~KernelQueue() = default;
  KernelQueue(const KernelQueue&) = delete;
  KernelQueue& operator=(const KernelQueue&) = delete;

  // Whether the queue is opened only when first needed. Check then tells beforehand whether it can
  // be.
  virtual bool OpensLate() const = 0;

  // Checks that the kernel accepts the queue's system calls, without effects. 0, or a negative
  // errno and the call that failed.
  virtual int Check(const char** step) = 0;

  // Opens the queue for at most `capacity` commands in flight. 0, or a negative errno and the
  // system call that failed.
  virtual int Open(unsigned capacity, const char** step) = 0;

  // Has `fd`, an eventfd, signalled when there is an event. 0, or a negative errno and the system
  // call that failed.
  virtual int Signal(int fd, const char** step) = 0;

  // Submits commands in order. Returns how many the kernel took, or the negative errno of the
  // first, which is then not in flight. 0: the queue had no room, which says nothing about any
  // command.
  virtual long Submit(const KernelCommand* commands, size_t count) = 0;

  // Whether pool threads may submit, too. They then submit whatever can make the submitter wait:
  // writes take the lock by which file systems are frozen, NOWAIT or not.
  virtual bool TakesFromAnyThread() const = 0;

  // Takes up to `most` available events.
  virtual size_t Reap(KernelEvent* events, size_t most) = 0;

  // Blocks until there is an event. 1, or 0 after `seconds`, or a negative errno.
  virtual long WaitOne(KernelEvent* event, int seconds) = 0;

  // Blocks until the kernel has finished everything submitted.
  virtual void Close() = 0;
};

}  // namespace caio
