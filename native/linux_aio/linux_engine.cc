#include "linux_engine.h"

#include <cstring>
#include <utility>

namespace caio {

namespace {

// Room in the kernel's context. Charged to fs.aio-max-nr, which the whole machine shares; what does not fit goes to the pool.
constexpr unsigned kCapacity = 512;

// Direct I/O pins its pages inside io_submit: larger requests would hold the loop.
constexpr size_t kDirectBytes = 1024 * 1024;

// An answer of the interface, not of the file: the pool's ordinary system call has the last word (EINVAL on a directory is
// EISDIR there), and nothing has been read or written yet.
bool IsEngineFailure(int64_t result) {
  switch (-result) {
    case EAGAIN:
    case EOPNOTSUPP:
    case EINVAL:
    case ENOSYS:
    case ENOMEM:
    case EINTR:
    case EPERM:
      return true;
    default:
      return false;
  }
}

NowaitAnswer AnswerFor(int64_t error) {
  return error == -EOPNOTSUPP || error == -EINVAL || error == -ENOSYS ? NowaitAnswer::kRefused : NowaitAnswer::kMiss;
}

uint16_t KernelOpcode(Opcode opcode) {
  switch (opcode) {
    case Opcode::kRead: return IOCB_CMD_PREAD;
    case Opcode::kWrite: return IOCB_CMD_PWRITE;
    case Opcode::kReadv: return IOCB_CMD_PREADV;
    case Opcode::kWritev: return IOCB_CMD_PWRITEV;
    case Opcode::kFsync: return IOCB_CMD_FSYNC;
    case Opcode::kFdsync: return IOCB_CMD_FDSYNC;
  }
  return IOCB_CMD_NOOP;
}

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

}  // namespace

LinuxEngine::LinuxEngine(CompletionQueue& completions, Engine& pool) : completions_(completions), pool_(pool) {}

LinuxEngine::~LinuxEngine() { Close(); }

int LinuxEngine::Open() {
  const int error = kernel_.Open(kCapacity);
  if (error != 0) return error;
  slots_.resize(kCapacity);
  free_slots_.reserve(kCapacity);
  for (uint32_t slot = kCapacity; slot-- > 0;) free_slots_.push_back(slot);
  iocbs_.reserve(kCapacity);
  iocb_pointers_.reserve(kCapacity);
  return 0;
}

int LinuxEngine::Probe(int fd, const char** step) {
  char out[] = "caio probe";
  char in[sizeof out] = {};
  struct Step {
    const char* name;
    uint16_t opcode;
    char* memory;
    uint64_t length;
  };
  const Step steps[] = {
      {"write", IOCB_CMD_PWRITE, out, sizeof out},
      {"read", IOCB_CMD_PREAD, in, sizeof in},
      {"fsync", IOCB_CMD_FSYNC, nullptr, 0},
  };
  for (const Step& each : steps) {
    *step = each.name;
    iocb request{};
    request.aio_lio_opcode = each.opcode;
    request.aio_fildes = static_cast<uint32_t>(fd);
    request.aio_buf = Address(each.memory);
    request.aio_nbytes = each.length;
    iocb* pointer = &request;
    const long submitted = kernel_.Submit(&pointer, 1);
    if (submitted < 0) return static_cast<int>(submitted);
    io_event event{};
    if (!kernel_.WaitOne(&event, 5)) return -ETIMEDOUT;
    if (event.res < 0) return static_cast<int>(event.res);
    if (static_cast<uint64_t>(event.res) != each.length) return -EIO;
  }
  return memcmp(in, out, sizeof out) == 0 ? 0 : -EIO;
}

// Decides between the kernel and the pool. Only what cannot block in io_submit goes to the kernel.
bool LinuxEngine::TryKernel(Request& request) {
  // Syncs share one another's work in the pool.
  if (IsSync(request.opcode) || free_slots_.empty() || request.iov_count() == 0) return false;
  FileFacts* facts = files_.Find(request);
  if (!facts || !facts->regular) return false;
  NowaitHistory& history = IsRead(request.opcode) ? facts->reads : facts->writes;
  if (facts->direct) return request.length <= kDirectBytes && ShouldTry(history);
  if (request.length > kInlineBytes || inline_bytes_ + request.length > kInlineBatchBytes) return false;
  if (!ShouldTry(history)) return false;
  inline_bytes_ += request.length;
  return true;
}

void LinuxEngine::Prepare(uint32_t slot) {
  Request& request = slots_[slot];
  iocb command{};
  command.aio_data = slot;
  command.aio_lio_opcode = KernelOpcode(request.opcode);
  command.aio_fildes = static_cast<uint32_t>(request.fd);
  command.aio_buf = request.vectors ? Address(request.vectors.get()) : Address(request.single.iov_base);
  command.aio_nbytes = request.vectors ? static_cast<uint64_t>(request.vector_count) : request.single.iov_len;
  command.aio_offset = request.offset;
  command.aio_rw_flags = RWF_NOWAIT;
  // Always, since direct I/O completes later; what completes inside io_submit costs the loop one empty wake-up a turn.
  command.aio_flags = IOCB_FLAG_RESFD;
  command.aio_resfd = static_cast<uint32_t>(completions_.fd());
  if (request.priority != 0) {
    command.aio_flags |= IOCB_FLAG_IOPRIO;
    command.aio_reqprio = static_cast<int16_t>(request.priority);
  }
  iocbs_.push_back(command);
}

void LinuxEngine::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  files_.NextBatch();
  inline_bytes_ = 0;
  for (size_t i = 0; i < count; i++) {
    Request& request = batch[i];
    if (!TryKernel(request)) {
      for_pool_.push_back(std::move(request));
      continue;
    }
    const uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = std::move(request);
    Prepare(slot);
  }
  if (!iocbs_.empty()) {
    SubmitPrepared();
    Collect(Route::kInline);
  }
  FlushPool(finished);
}

// io_submit takes the requests before the first bad one. That one is answered for itself, the rest submitted again.
void LinuxEngine::SubmitPrepared() {
  iocb_pointers_.clear();
  for (iocb& command : iocbs_) iocb_pointers_.push_back(&command);
  size_t next = 0;
  while (next < iocbs_.size()) {
    const long taken = kernel_.Submit(&iocb_pointers_[next], static_cast<long>(iocbs_.size() - next));
    if (taken > 0) {
      next += static_cast<size_t>(taken);
    } else {
      Refused(static_cast<uint32_t>(iocbs_[next].aio_data), taken == 0 ? -EAGAIN : taken);
      next++;
    }
  }
  iocbs_.clear();
}

void LinuxEngine::Refused(uint32_t slot, int64_t error) {
  if (!IsEngineFailure(error)) return Finish(slot, error, Route::kInline);
  Remember(slots_[slot], AnswerFor(error));
  ToPool(slot);
}

void LinuxEngine::Remember(const Request& request, NowaitAnswer answer) {
  FileFacts* facts = files_.Find(request);
  if (!facts) return;
  NowaitHistory& history = IsRead(request.opcode) ? facts->reads : facts->writes;
  history = Learn(history, answer);
}

void LinuxEngine::Finish(uint32_t slot, int64_t result, Route route) {
  const Request& request = slots_[slot];
  done_.push_back({request.channel, request.id, result, route});
  free_slots_.push_back(slot);
}

void LinuxEngine::ToPool(uint32_t slot) {
  for_pool_.push_back(std::move(slots_[slot]));
  free_slots_.push_back(slot);
}

// Takes the events that are there. Each ends its request, or hands what is left of it to the pool.
void LinuxEngine::Collect(Route route) {
  kernel_.Reap([&](const io_event& event) {
    const auto slot = static_cast<uint32_t>(event.data);
    Request& request = slots_[slot];
    if (event.res < 0) {
      if (!IsEngineFailure(event.res)) return Finish(slot, event.res, route);
      Remember(request, AnswerFor(event.res));
      return ToPool(slot);
    }
    Remember(request, NowaitAnswer::kHit);
    const auto moved = static_cast<size_t>(event.res);
    if (moved == request.length) return Finish(slot, event.res, route);
    // Short. A read that ends at the end of the file is whole; kernels 5.9 and 5.10 also cut NOWAIT reads short elsewhere.
    if (IsRead(request.opcode) && request.offset + event.res >= FileSize(request.fd)) {
      return Finish(slot, event.res, route);
    }
    request.Advance(moved);
    ToPool(slot);
  });
}

void LinuxEngine::FlushPool(std::vector<Completion>& finished) {
  if (!for_pool_.empty()) {
    pool_.Submit(for_pool_.data(), for_pool_.size(), finished);
    for_pool_.clear();
  }
  finished.insert(finished.end(), done_.begin(), done_.end());
  done_.clear();
}

void LinuxEngine::Reap(std::vector<Completion>& finished) {
  Collect(Route::kKernel);
  FlushPool(finished);
}

void LinuxEngine::Close() {
  // Nothing may write to the callers' memory after this: wait for what the kernel has.
  while (free_slots_.size() < slots_.size()) {
    io_event event;
    if (!kernel_.WaitOne(&event, 60)) continue;
    free_slots_.push_back(static_cast<uint32_t>(event.data));
  }
}

}  // namespace caio
