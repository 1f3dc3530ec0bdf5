#include "linux_engine.h"

#include <errno.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace caio {

namespace {

// Room in the kernel's queue. Kernel AIO's is charged to fs.aio-max-nr, which the whole machine shares; what does not fit goes to the pool.
constexpr unsigned kCapacity = 512;

// Direct I/O pins its pages while it is submitted: larger requests would hold the loop.
constexpr size_t kDirectBytes = 1024 * 1024;

// A part that the device works on while the next is prepared: it gets nothing of a batch before the kernel has taken all of it.
constexpr size_t kSubmitAtOnce = 8;

// What a file read whole counts of kInlineBatchBytes, whatever its size: opening it takes as long as copying so much.
constexpr size_t kWholeFileShare = 16 * 1024;

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
    case ECANCELED:
      return true;
    default:
      return false;
  }
}

NowaitAnswer AnswerFor(int64_t error) {
  return error == -EOPNOTSUPP || error == -ENOSYS ? NowaitAnswer::kRefused : NowaitAnswer::kMiss;
}

}  // namespace

LinuxEngine::LinuxEngine(std::unique_ptr<KernelQueue> kernel, CompletionQueue& completions, Engine& pool, CachedFiles& cached_files)
    : completions_(completions),
      pool_(pool),
      cached_files_(cached_files),
      kernel_(std::move(kernel)),
      helper_(
          [](void* engine, Request& request) { return static_cast<LinuxEngine*>(engine)->ServeNowait(request); },
          [](void* engine, Request&& request, int64_t result) {
            static_cast<LinuxEngine*>(engine)->TakeLate(std::move(request), result);
          },
          this) {}

LinuxEngine::~LinuxEngine() { Close(); }

int LinuxEngine::Open(int fd, const char** step) {
  int error = kernel_->Open(kCapacity, step);
  if (error == 0) error = Probe(fd, step);
  if (error == 0) error = kernel_->Signal(completions_.fd(), step);
  if (error != 0) return error;
  slots_.resize(kCapacity);
  free_slots_.reserve(kCapacity);
  for (uint32_t slot = kCapacity; slot-- > 0;) free_slots_.push_back(slot);
  commands_.reserve(kCapacity);
  return 0;
}

int LinuxEngine::Probe(int fd, const char** step) {
  char out[] = "caio probe";
  char in[sizeof out] = {};
  Request request;
  request.fd = fd;
  const int error = Prove(request, out, in, sizeof out, step);
  // Before the memory goes that a request without an answer was given.
  if (error != 0) kernel_->Close();
  return error;
}

int LinuxEngine::Prove(Request& request, char* out, char* in, size_t length, const char** step) {
  struct Step {
    const char* name;
    Opcode opcode;
    char* memory;
    size_t length;
  };
  const Step steps[] = {
      {"write", Opcode::kWrite, out, length},
      {"read", Opcode::kRead, in, length},
      {"fsync", Opcode::kFsync, nullptr, 0},
  };
  for (const Step& each : steps) {
    *step = each.name;
    request.opcode = each.opcode;
    request.single = {each.memory, each.length};
    const KernelCommand command{0, &request, 0};
    const long submitted = kernel_->Submit(&command, 1);
    if (submitted < 1) return submitted == 0 ? -EAGAIN : static_cast<int>(submitted);
    KernelEvent event{};
    const long answered = kernel_->WaitOne(&event, 5);
    if (answered < 1) return answered == 0 ? -ETIMEDOUT : static_cast<int>(answered);
    if (event.result < 0) return static_cast<int>(event.result);
    if (static_cast<uint64_t>(event.result) != each.length) return -EIO;
  }
  return memcmp(in, out, length) == 0 ? 0 : -EIO;
}

// Only what cannot block is served from the loop thread.
LinuxEngine::Way LinuxEngine::Choose(Request& request) {
  // Syncs share one another's work in the pool.
  if (IsSync(request.opcode) || request.opcode == Opcode::kWriteFile || IsControl(request.opcode)) return Way::kPool;
  if (request.opcode == Opcode::kReadFile) {
    // One of few has been tried by readCached.
    if (!large_batch_ || inline_bytes_ + kWholeFileShare > kInlineBatchBytes) return Way::kPool;
    inline_bytes_ += kWholeFileShare;
    return Way::kShared;
  }
  FileFacts* facts = files_.Find(request);
  if (!facts || !facts->regular) return Way::kPool;
  NowaitHistory& history = IsRead(request.opcode) ? facts->reads : facts->writes;
  // What waits for the disk, or for the end of the file to hold still.
  const bool durable = request.durable || (facts->synced && !IsRead(request.opcode));
  if (request.append || (durable && !facts->direct)) return Way::kPool;
  if (facts->direct) {
    const bool fits = !free_slots_.empty() && request.length <= kDirectBytes;
    return fits && ShouldTry(history) ? Way::kKernel : Way::kPool;
  }
  if (request.length > kInlineBytes || inline_bytes_ + request.length > kInlineBatchBytes) return Way::kPool;
  if (!ShouldTry(history)) {
    request.cold = IsRead(request.opcode) && !history.refused;
    return Way::kPool;
  }
  inline_bytes_ += request.length;
  return IsRead(request.opcode) && IsTrusted(history) ? Way::kShared : Way::kInline;
}

// Cannot block. Either thread.
int64_t LinuxEngine::ServeNowait(Request& request) {
  if (request.opcode == Opcode::kReadFile) {
    return cached_files_.Read(request.path.get(), request.single.iov_base, request.length);
  }
  const ssize_t moved = IsRead(request.opcode)
                            ? preadv2(request.fd, request.iov(), request.iov_count(), request.offset, RWF_NOWAIT)
                            : pwritev2(request.fd, request.iov(), request.iov_count(), request.offset, RWF_NOWAIT);
  return moved < 0 ? -errno : moved;
}

void LinuxEngine::EndInline(Request& request, int64_t result) {
  if (!Answered(request, result, Route::kInline)) for_pool_.push_back(std::move(request));
}

void LinuxEngine::ServeShared() {
  const auto end = [this](Request& request, int64_t result) { EndInline(request, result); };
  for (size_t next = 0; next < shared_.size();) {
    const size_t count = std::min(shared_.size() - next, InlineHelper::kMost);
    if (helper_.Shares(count)) {
      helper_.ServeAll(&shared_[next], count, end);
    } else {
      for (size_t i = 0; i < count; i++) end(shared_[next + i], ServeNowait(shared_[next + i]));
    }
    next += count;
  }
  shared_.clear();
}

// Helper's thread. What the answer says of the file is not learned: that is the loop's.
void LinuxEngine::TakeLate(Request&& request, int64_t result) {
  const bool failed = result < 0 && !IsEngineFailure(result);
  const bool whole = IsWholeFile(request.opcode) ? result >= 0 : result == static_cast<int64_t>(request.length);
  if (failed || whole) {
    const Completion completion{request.channel, request.id, result, Route::kInline};
    return completions_.Push(&completion, 1);
  }
  if (result >= 0) request.Advance(static_cast<size_t>(result));
  std::vector<Completion> unserved;
  pool_.Submit(&request, 1, unserved);
  completions_.Push(unserved.data(), unserved.size());
}

void LinuxEngine::Prepare(Request&& taken) {
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  Request& request = slots_[slot] = std::move(taken);
  commands_.push_back({slot, &request, request.durable ? RWF_NOWAIT | RWF_DSYNC : RWF_NOWAIT});
}

void LinuxEngine::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  files_.NextBatch();
  inline_bytes_ = 0;
  large_batch_ = count >= InlineHelper::kFewest;
  for (size_t i = 0; i < count; i++) {
    switch (Choose(batch[i])) {
      case Way::kInline: EndInline(batch[i], ServeNowait(batch[i])); break;
      case Way::kShared: shared_.push_back(std::move(batch[i])); break;
      case Way::kKernel: Prepare(std::move(batch[i])); break;
      case Way::kPool: for_pool_.push_back(std::move(batch[i])); break;
    }
  }
  if (!commands_.empty()) {
    SubmitPrepared();
    Collect(Route::kInline);
  }
  if (!shared_.empty()) ServeShared();
  FlushPool(finished);
}

// The kernel takes the requests before the first bad one. That one is answered for itself, the rest submitted again.
void LinuxEngine::SubmitPrepared() {
  size_t next = 0;
  while (next < commands_.size()) {
    const size_t part = std::min(kSubmitAtOnce, commands_.size() - next);
    const long taken = kernel_->Submit(&commands_[next], part);
    if (taken > 0) {
      next += static_cast<size_t>(taken);
      continue;
    }
    const uint32_t slot = commands_[next++].slot;
    if (taken < 0) {
      EndSlot(slot, taken, Route::kInline);
    } else {
      slots_[slot].missed = true;
      for_pool_.push_back(std::move(slots_[slot]));
      free_slots_.push_back(slot);
    }
  }
  commands_.clear();
}

void LinuxEngine::Remember(const Request& request, NowaitAnswer answer) {
  FileFacts* facts = files_.Find(request);
  if (!facts) return;
  NowaitHistory& history = IsRead(request.opcode) ? facts->reads : facts->writes;
  history = Learn(history, answer);
}

// True if that was the request's end. False if the pool is to do what is left of it, or all.
bool LinuxEngine::Answered(Request& request, int64_t result, Route route) {
  if (IsEngineFailure(result)) {
    // EINVAL is about this request, such as memory not aligned for direct I/O: it says nothing of the next.
    if (result != -EINVAL && !IsWholeFile(request.opcode)) Remember(request, AnswerFor(result));
    request.missed = true;
    request.cold = result == -EAGAIN && IsRead(request.opcode);
    return false;
  }
  if (result >= 0 && !IsWholeFile(request.opcode)) {
    Remember(request, NowaitAnswer::kHit);
    const auto moved = static_cast<size_t>(result);
    // A short read that ends at the end of the file is whole; kernels 5.9 and 5.10 also cut NOWAIT reads short elsewhere.
    const bool whole = moved == request.length || (IsRead(request.opcode) && IsEndOfFile(request.fd, request.offset + result));
    if (!whole) {
      request.Advance(moved);
      return false;
    }
  }
  done_.push_back({request.channel, request.id, result, route});
  return true;
}

void LinuxEngine::EndSlot(uint32_t slot, int64_t result, Route route) {
  if (!Answered(slots_[slot], result, route)) for_pool_.push_back(std::move(slots_[slot]));
  free_slots_.push_back(slot);
}

// Takes the events that are there.
void LinuxEngine::Collect(Route route) {
  std::array<KernelEvent, 64> events;
  size_t count;
  do {
    count = kernel_->Reap(events.data(), events.size());
    for (size_t i = 0; i < count; i++) EndSlot(events[i].slot, events[i].result, route);
  } while (count == events.size());
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
  helper_.Close();
  // Nothing may write to the callers' memory after this: wait for what the kernel has.
  while (free_slots_.size() < slots_.size()) {
    KernelEvent event;
    const long answered = kernel_->WaitOne(&event, 60);
    if (answered < 0) return kernel_->Close();
    if (answered == 0) continue;
    free_slots_.push_back(event.slot);
  }
}

}  // namespace caio
