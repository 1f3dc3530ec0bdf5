#include "kernel_ring.h"

#include <poll.h>
#include <sys/mman.h>

#include <algorithm>

#include "../../support/nanoseconds.h"

namespace caio {

namespace {

// Entries of the submission queue, which every io_uring_enter empties: few, since older kernels
// count the rings as locked memory.
constexpr unsigned kAtOnce = 64;

uint8_t OperationOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::kRead: return uring::kRead;
    case Opcode::kWrite: return uring::kWrite;
    case Opcode::kReadv: return uring::kReadv;
    case Opcode::kWritev: return uring::kWritev;
    default: return uring::kFsync;
  }
}

uring::Sqe Translate(const KernelCommand& command) {
  const Request& request = *command.request;
  uring::Sqe sqe{};
  sqe.opcode = OperationOf(request.opcode);
  sqe.fd = request.fd;
  sqe.user_data = command.slot;
  if (IsSync(request.opcode)) {
    sqe.op_flags = request.opcode == Opcode::kFdsync ? uring::kFsyncDatasync : 0;
    return sqe;
  }
  sqe.ioprio = request.transfer.priority;
  sqe.off = static_cast<uint64_t>(request.offset);
  sqe.addr = AddressOf(request);
  sqe.len = static_cast<uint32_t>(BuffersOrBytesOf(request));
  sqe.op_flags = static_cast<uint32_t>(command.flags);
  return sqe;
}

}  // namespace

int KernelRing::Open(unsigned capacity, const char** step) {
  *step = "io_uring_setup";
  uring::Params params{};
  long result = -EINVAL;
  // COOP_TASKRUN, if supported, does not interrupt JavaScript: completions are posted when the
  // thread is next in the kernel, at the latest to sleep.
  for (const uint32_t flags : {uring::kSetupCqSize | uring::kSetupCoopTaskrun, uring::kSetupCqSize}) {
    params = {};
    params.cq_entries = capacity;
    params.flags = flags;
    result = uring::Setup(kAtOnce, &params);
    if (result != -EINVAL) break;
  }
  // Linux 5.4 and earlier have no parameter for the size of the completion queue.
  if (result < 0) return result == -EINVAL ? -ENOSYS : static_cast<int>(result);
  fd_ = static_cast<int>(result);
  const uint32_t needed = uring::kFeatSingleMmap | uring::kFeatNoDrop;
  // Every command in flight has an entry in the completion queue, which therefore cannot overflow.
  int error = (params.features & needed) != needed || params.cq_entries < capacity ? -ENOSYS : 0;
  if (error == 0) {
    *step = "io_uring_register";
    error = HasOperations();
  }
  if (error == 0) {
    *step = "mmap";
    error = Map(params);
  }
  if (error == 0) {
    *step = "io_uring_enter";
    error = static_cast<int>(uring::Enter(fd_, 0));
  }
  if (error != 0) Close();
  return error;
}

// IORING_REGISTER_PROBE came with 5.6, as did plain reads and writes.
int KernelRing::HasOperations() {
  uring::Probe probe{};
  const long result = uring::Register(fd_, uring::kRegisterProbe, &probe, uring::kWrite + 1);
  if (result < 0) return result == -EINVAL ? -ENOSYS : static_cast<int>(result);
  for (const uint8_t each : {uring::kReadv, uring::kWritev, uring::kFsync, uring::kRead, uring::kWrite}) {
    if ((probe.operations[each].flags & uring::kProbeSupported) == 0) return -ENOSYS;
  }
  return 0;
}

int KernelRing::Map(const uring::Params& params) {
  rings_bytes_ = std::max<size_t>(params.sq.array + params.sq_entries * sizeof(uint32_t),
                                  params.cq.cqes + params.cq_entries * sizeof(uring::Cqe));
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_SHARED | MAP_POPULATE;
  void* mapped = mmap(nullptr, rings_bytes_, kProtection, kFlags, fd_, uring::kOffsetRings);
  if (mapped == MAP_FAILED) return -errno;
  rings_ = mapped;
  sqes_bytes_ = params.sq_entries * sizeof(uring::Sqe);
  mapped = mmap(nullptr, sqes_bytes_, kProtection, kFlags, fd_, uring::kOffsetSqes);
  if (mapped == MAP_FAILED) return -errno;
  sqes_ = static_cast<uring::Sqe*>(mapped);
  // A forked child must not reap our completions.
  madvise(rings_, rings_bytes_, MADV_DONTFORK);
  madvise(sqes_, sqes_bytes_, MADV_DONTFORK);

  char* base = static_cast<char*>(rings_);
  const auto word = [base](uint32_t offset) { return reinterpret_cast<uint32_t*>(base + offset); };
  sq_head_ = word(params.sq.head);
  sq_tail_ = word(params.sq.tail);
  sq_mask_ = *word(params.sq.ring_mask);
  cq_head_ = word(params.cq.head);
  cq_tail_ = word(params.cq.tail);
  cq_mask_ = *word(params.cq.ring_mask);
  cqes_ = reinterpret_cast<const uring::Cqe*>(base + params.cq.cqes);
  // Place i of the submission queue always names entry i.
  for (uint32_t i = 0; i < params.sq_entries; i++) word(params.sq.array)[i] = i;
  return 0;
}

int KernelRing::Signal(int fd, const char** step) {
  *step = "io_uring_register";
  const long result = uring::Register(fd_, uring::kRegisterEventfd, &fd, 1);
  return result < 0 ? static_cast<int>(result) : 0;
}

long KernelRing::Submit(const KernelCommand* commands, size_t count) {
  count = std::min<size_t>(count, kAtOnce);
  const uint32_t tail = *sq_tail_;
  for (uint32_t i = 0; i < count; i++) sqes_[(tail + i) & sq_mask_] = Translate(commands[i]);
  __atomic_store_n(sq_tail_, tail + static_cast<uint32_t>(count), __ATOMIC_RELEASE);
  uring::Enter(fd_, static_cast<unsigned>(count));
  // The head says what was taken, whatever the call returned. The rest is taken back: only that
  // call reads it.
  const uint32_t head = __atomic_load_n(sq_head_, __ATOMIC_ACQUIRE);
  __atomic_store_n(sq_tail_, head, __ATOMIC_RELEASE);
  const uint32_t taken = head - tail;
  in_flight_ += taken;
  return static_cast<long>(taken);
}

size_t KernelRing::Reap(KernelEvent* events, size_t most) {
  uint32_t head = *cq_head_;
  const uint32_t tail = __atomic_load_n(cq_tail_, __ATOMIC_ACQUIRE);
  size_t count = 0;
  for (; head != tail && count < most; head++) {
    const uring::Cqe& cqe = cqes_[head & cq_mask_];
    events[count++] = {static_cast<uint32_t>(cqe.user_data), cqe.res};
  }
  if (count > 0) __atomic_store_n(cq_head_, head, __ATOMIC_RELEASE);
  in_flight_ -= count;
  return count;
}

// poll(2) has always had a timeout; io_uring_enter has one only since 5.11.
long KernelRing::WaitOne(KernelEvent* event, int seconds) {
  const uint64_t deadline = Nanoseconds() + static_cast<uint64_t>(seconds) * 1000000000;
  for (;;) {
    if (Reap(event, 1) == 1) return 1;
    const uint64_t now = Nanoseconds();
    if (now >= deadline) return 0;
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>((deadline - now) / 1000000) + 1) < 0 && errno != EINTR) return -errno;
    if ((ready.revents & POLLNVAL) != 0) return -EBADF;
  }
}

void KernelRing::Close() {
  KernelEvent ignored;
  // Errors are ignored: only the events tell that the kernel no longer uses the memory.
  while (in_flight_ > 0 && WaitOne(&ignored, 60) != -EBADF) {
  }
  if (sqes_) munmap(sqes_, sqes_bytes_);
  if (rings_) munmap(rings_, rings_bytes_);
  if (fd_ >= 0) close(fd_);
  sqes_ = nullptr;
  rings_ = nullptr;
  fd_ = -1;
}

}  // namespace caio
