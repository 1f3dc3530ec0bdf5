#include "kernel_context.h"

#include <errno.h>

#include <algorithm>
#include <array>

namespace caio {

namespace {

constexpr size_t kAtOnce = 64;

uint16_t KernelOpcode(Opcode opcode) {
  switch (opcode) {
    case Opcode::kRead: return IOCB_CMD_PREAD;
    case Opcode::kWrite: return IOCB_CMD_PWRITE;
    case Opcode::kReadv: return IOCB_CMD_PREADV;
    case Opcode::kWritev: return IOCB_CMD_PWRITEV;
    case Opcode::kFsync: return IOCB_CMD_FSYNC;
    case Opcode::kFdsync: return IOCB_CMD_FDSYNC;
    default: return IOCB_CMD_NOOP;
  }
}

KernelEvent EventOf(const io_event& event) { return {static_cast<uint32_t>(event.data), event.res}; }

}  // namespace

// Context 0 is invalid, and so is an io_setup for 0 events: a kernel with these system calls answers
// EINVAL.
int KernelContext::Check(const char** step) {
  const auto refuses = [](long result) { return result < 0 && result != -EINVAL; };
  *step = "io_setup";
  aio_context_t none = 0;
  long result = abi::Setup(0, &none);
  if (refuses(result)) return static_cast<int>(result);
  if (none != 0) abi::Destroy(none);
  *step = "io_submit";
  result = abi::Submit(0, 1, nullptr);
  if (refuses(result)) return static_cast<int>(result);
  *step = "io_getevents";
  timespec zero{};
  io_event event{};
  result = abi::GetEvents(0, 0, 1, &event, &zero);
  return refuses(result) ? static_cast<int>(result) : 0;
}

int KernelContext::Open(unsigned capacity, const char** step) {
  *step = "io_setup";
  const long result = abi::Setup(capacity, &id_);
  if (result < 0) {
    id_ = 0;
    return static_cast<int>(result);
  }
  // Checks io_getevents, which is otherwise first called at the end. A minimum of 0 events does not
  // wait.
  *step = "io_getevents";
  timespec zero{};
  io_event none{};
  long answered;
  while ((answered = abi::GetEvents(id_, 0, 1, &none, &zero)) == -EINTR) {
  }
  if (answered < 0) {
    Close();
    return static_cast<int>(answered);
  }
  auto* ring = reinterpret_cast<abi::Ring*>(id_);
  const bool known = ring->magic == abi::kRingMagic && ring->incompat_features == 0 &&
                     ring->header_length == sizeof(abi::Ring) && ring->nr > 0;
  ring_ = known ? ring : nullptr;
  return 0;
}

// Each iocb names the eventfd (IOCB_FLAG_RESFD).
int KernelContext::Signal(int fd, const char**) {
  signal_fd_ = fd;
  return 0;
}

void KernelContext::Close() {
  if (id_ != 0) abi::Destroy(id_);
  id_ = 0;
}

iocb KernelContext::Translate(const KernelCommand& command) const {
  const Request& request = *command.request;
  iocb out{};
  out.aio_data = command.slot;
  out.aio_lio_opcode = KernelOpcode(request.opcode);
  out.aio_fildes = static_cast<uint32_t>(request.fd);
  out.aio_buf = AddressOf(request);
  out.aio_nbytes = BuffersOrBytesOf(request);
  out.aio_offset = request.offset;
  out.aio_rw_flags = command.flags;
  if (signal_fd_ >= 0) {
    out.aio_flags = IOCB_FLAG_RESFD;
    out.aio_resfd = static_cast<uint32_t>(signal_fd_);
  }
  if (request.transfer.priority != 0) {
    out.aio_flags |= IOCB_FLAG_IOPRIO;
    out.aio_reqprio = static_cast<int16_t>(request.transfer.priority);
  }
  return out;
}

long KernelContext::Submit(const KernelCommand* commands, size_t count) {
  std::array<iocb, kAtOnce> iocbs;
  std::array<iocb*, kAtOnce> pointers;
  count = std::min(count, kAtOnce);
  for (size_t i = 0; i < count; i++) {
    iocbs[i] = Translate(commands[i]);
    pointers[i] = &iocbs[i];
  }
  // Pairs with the acquire in Reap: the reaping thread may change the request, which Translate()
  // has read by now.
  handed_over_.fetch_add(1, std::memory_order_release);
  const long taken = abi::Submit(id_, static_cast<long>(count), pointers.data());
  return taken == -EAGAIN ? 0 : taken;
}

size_t KernelContext::Reap(KernelEvent* events, size_t most) {
  handed_over_.load(std::memory_order_acquire);
  if (!ring_) return ReapBySyscall(events, most);
  uint32_t head = __atomic_load_n(&ring_->head, __ATOMIC_RELAXED);
  const uint32_t tail = __atomic_load_n(&ring_->tail, __ATOMIC_ACQUIRE);
  size_t count = 0;
  while (head != tail && count < most) {
    events[count++] = EventOf(ring_->events[head]);
    if (++head == ring_->nr) head = 0;
  }
  if (count > 0) __atomic_store_n(&ring_->head, head, __ATOMIC_RELEASE);
  return count;
}

size_t KernelContext::ReapBySyscall(KernelEvent* events, size_t most) {
  std::array<io_event, kAtOnce> there;
  timespec zero{};
  long count;
  // Repeated after a signal (EINTR): the wake-up for these events has already been consumed.
  while ((count = abi::GetEvents(id_, 0, static_cast<long>(std::min(most, kAtOnce)), there.data(), &zero)) == -EINTR) {
  }
  if (count <= 0) return 0;
  std::transform(there.begin(), there.begin() + count, events, EventOf);
  return static_cast<size_t>(count);
}

long KernelContext::WaitOne(KernelEvent* event, int seconds) {
  timespec timeout{seconds, 0};
  io_event there{};
  long count;
  while ((count = abi::GetEvents(id_, 1, 1, &there, &timeout)) == -EINTR) {
  }
  handed_over_.load(std::memory_order_acquire);
  if (count == 1) *event = EventOf(there);
  return count;
}

}  // namespace caio
