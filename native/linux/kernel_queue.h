// What the kernel works through on its own: submitted to, reaped, waited for. Kernel AIO is one, an io_uring another. Used by the
// loop thread alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../request/request.h"

namespace caio {

// The request, which stays where it is until its event is reaped, and the RWF_ flags that it goes with.
struct KernelCommand {
  uint32_t slot;
  const Request* request;
  int flags;
};

// The memory of a read or write as the kernel takes it: the list of its buffers and their number, or its one buffer and the bytes of that.
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

  // Whether it is opened only when it is first needed: then Check says beforehand whether it could be.
  virtual bool OpensLate() const = 0;

  // Whether the kernel takes its system calls, without having any of them do something. 0, or a negative errno with the one that failed.
  virtual int Check(const char** step) = 0;

  // For `capacity` commands in flight, and no more may be. 0, or a negative errno with the system call that failed.
  virtual int Open(unsigned capacity, const char** step) = 0;

  // From now on `fd`, an eventfd, is signalled when there is an event. 0, or a negative errno with the system call that failed.
  virtual int Signal(int fd, const char** step) = 0;

  // How many of the commands the kernel took, from the first on; or the negative errno of the first, which is then not in flight. 0
  // means that the queue had no room, and says nothing about any command.
  virtual long Submit(const KernelCommand* commands, size_t count) = 0;

  // Whether pool threads may submit, too. Where they may, they do what can make the submitter wait: writes take the lock by which file
  // systems are frozen, NOWAIT or not.
  virtual bool TakesFromAnyThread() const = 0;

  // Takes up to `most` events that are there.
  virtual size_t Reap(KernelEvent* events, size_t most) = 0;

  // Blocks until an event is there: 1, or 0 after `seconds`, or a negative errno.
  virtual long WaitOne(KernelEvent* event, int seconds) = 0;

  // Blocks until the kernel is done with all that was submitted.
  virtual void Close() = 0;
};

}  // namespace caio
