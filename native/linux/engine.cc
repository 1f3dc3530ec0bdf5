#include "engine.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "../support/buffered.h"
#include "../support/checked.h"
#include "../support/descriptor_room.h"
#include "../support/is_fresh.h"
#include "../support/look.h"
#include "../support/nanoseconds.h"
#include "../support/probe_file.h"
#include "../support/step.h"
#include "prove_queue.h"

namespace caio {

namespace {

// Direct I/O pins its pages during submission: larger requests would hold the loop.
constexpr size_t kDirectBytes = 1024 * 1024;

// The same limit per batch.
constexpr size_t kDirectBatchBytes = 4 * 1024 * 1024;

// Nanoseconds between two attempts to open the kernel's queue.
constexpr uint64_t kRetryAfter = 10ull * 1000 * 1000 * 1000;

// A batch is submitted in parts of this size, so that the device works on one while the next is
// prepared: the device gets nothing of a submission before the kernel has taken all of it.
constexpr size_t kSubmitAtOnce = 8;

// Bytes of kInlineBatchBytes that a whole-file read counts as, whatever its size: opening the file
// takes as long as copying so many.
constexpr size_t kWholeFileShare = 16 * 1024;

// A read of as many bytes is shared with the helper whatever is known of its file.
constexpr size_t kLongCopy = 32 * 1024;

// Channel and id of a request whose completion is not reported.
constexpr uint32_t kNobodys = UINT32_MAX;

// Whether the error comes from the interface, not from the file. Nothing has been read or written
// yet, and the pool's ordinary system call decides (EINVAL on a directory is EISDIR there).
bool IsEngineFailure(int64_t result) {
  switch (-result) {
    case EAGAIN:
    case EOPNOTSUPP:
    case EINVAL:
    case ENOSYS:
    case ENOMEM:
    case EINTR:
    case EPERM:
    case ECANCELED: return true;
    default: return false;
  }
}

NowaitAnswer AnswerFor(int64_t error) {
  return error == -EOPNOTSUPP || error == -ENOSYS ? NowaitAnswer::kRefused : NowaitAnswer::kMiss;
}

// Whether reading this file of an overlay waits neither for a server nor for a writer of the file.
bool IsOnKnownLayer(int fd, const FileFacts& facts) {
  switch (facts.layer) {
    case Layer::kPlain: return true;
    case Layer::kLocking: {
      struct statx file;
      return Look(fd, STATX_CTIME, file) && !IsFresh(file);
    }
    default: return false;
  }
}

// Page check for a read without RWF_NOWAIT: 0 if the read does not wait, else a negative errno.
// Either thread.
int LookFor(const Request& request) {
  if (request.check == PageCheck::kNowait || request.check == PageCheck::kNone) return 0;
  int64_t offset = request.offset;
  if (request.transfer.moves && (offset = lseek(request.fd, 0, SEEK_CUR)) < 0) return -EAGAIN;
  const auto from = static_cast<uint64_t>(offset);
  return request.check == PageCheck::kSwapped ? LookForSwapped(request.fd, from, request.length)
                                              : LookInMap(request.transfer.pages, from, request.length);
}

}  // namespace

LinuxEngine::LinuxEngine(std::unique_ptr<KernelQueue> kernel, CompletionQueue& completions, Engine& pool,
                         KnownFileSystems& known)
    : completions_(completions),
      pool_(pool),
      known_(known),
      cached_files_(known),
      cached_paths_(known),
      kernel_(std::move(kernel)),
      helper_([](void* engine, Request& request) { return static_cast<LinuxEngine*>(engine)->ServeNowait(request); },
              [](void* engine, Request&& request, int64_t result) {
                static_cast<LinuxEngine*>(engine)->TakeLate(std::move(request), result);
              },
              this) {}

LinuxEngine::~LinuxEngine() { Close(); }

int LinuxEngine::Open(const char* directory, const char** step) {
  return kernel_->OpensLate() ? kernel_->Check(step) : OpenQueue(directory, step);
}

int LinuxEngine::OpenQueue(const char* directory, const char** step) {
  *step = "open";
  const ProbeFile file(directory);
  if (file.fd() < 0) return file.fd();
  int error = kernel_->Open(kQueueCapacity, step);
  if (error == 0) error = ProveQueue(*kernel_, file.fd(), step);
  if (error == 0) error = kernel_->Signal(completions_.fd(), step);
  if (error != 0) return error;
  is_open_ = true;
  slots_.Make(kQueueCapacity);
  commands_.reserve(kQueueCapacity);
  return 0;
}

// Opens the queue if necessary. A failed open is tried again after kRetryAfter.
bool LinuxEngine::HasQueue() {
  if (is_open_) return true;
  if (refused_at_ != 0 && now_ - refused_at_ < kRetryAfter) return false;
  const char* step;
  refusal_ = OpenQueue("/tmp", &step);
  refused_at_ = now_;
  // The time that opening took is not a wait for a file system.
  meter_.Begin(Nanoseconds());
  return is_open_;
}

// The loop thread serves only what cannot block.
LinuxEngine::Destination LinuxEngine::Choose(Request& request) {
  if (request.opcode == Opcode::kClose) {
    maps_.Unmap(request.fd, files_);
    request.duty = Duty::kClose;
    request.deputy = this;
  }
  // In the pool, syncs of one file share their work.
  if (IsSync(request.opcode) || request.opcode == Opcode::kWriteFile || IsControl(request.opcode))
    return Destination::kPool;
  // Attempt() has already tried these without waiting.
  if (IsPath(request.opcode) || IsTimes(request.opcode)) return Destination::kPool;
  if (request.opcode == Opcode::kReadFile) {
    // In a small batch, readCached has tried it already.
    if (!large_batch_ || inline_bytes_ + kWholeFileShare > kInlineBatchBytes) return Destination::kPool;
    inline_bytes_ += kWholeFileShare;
    return Destination::kShared;
  }
  // All else that is known of a file matters only to reads, and to direct writes.
  if (IsWrite(request.opcode) && request.transfer.file_key == 0 && IsOpenBuffered(request.fd)) {
    request.transfer.buffered = true;
    return Destination::kPool;
  }
  FileFacts* facts = files_.Find(request);
  if (!facts || !facts->regular) return Destination::kPool;
  request.transfer.buffered = facts->buffered;
  const bool reads = IsRead(request.opcode);
  // These wait for the disk, for other appending writers, or for a frozen file system.
  if (request.transfer.append || (!reads && !facts->direct) || (request.transfer.moves && facts->direct))
    return Destination::kPool;
  const auto [manner, check] = facts->device ? Findings{Manner::kInline} : known_.Of(facts->mount, now_);
  if (manner == Manner::kUnknown && facts->readable) {
    request.duty = Duty::kExamine;
    request.deputy = this;
  }
  if (manner != Manner::kInline) return Destination::kPool;
  NowaitHistory& history = reads ? facts->reads : facts->writes;
  if (met_ == 0) meter_.Begin(now_);
  met_ = facts->mount;
  if (facts->direct) return check == PageCheck::kNowait ? ChooseDirect(request, history) : Destination::kPool;
  if (request.length > kInlineBytes || inline_bytes_ + request.length > kInlineBatchBytes) return Destination::kPool;
  request.check = check;
  if (check == PageCheck::kLayered && !IsOnKnownLayer(request.fd, *facts)) return Destination::kPool;
  if (!ShouldTry(history)) {
    request.transfer.cold = !history.refused && !request.transfer.moves;
    return Destination::kPool;
  }
  if (IsMapped(check) && !maps_.Map(request, *facts)) return Destination::kPool;
  inline_bytes_ += request.length;
  return IsTrusted(history) || (request.length >= kLongCopy && history.misses == 0) ? Destination::kShared
                                                                                    : Destination::kInline;
}

void LinuxEngine::EndTurn() {
  if (!maps_.EndTurn()) return;
  Request request;
  request.channel = request.id = kNobodys;
  request.duty = Duty::kGiveUp;
  request.deputy = this;
  std::vector<Completion> unserved;
  pool_.Submit(&request, 1, unserved);
}

LinuxEngine::Destination LinuxEngine::ChooseDirect(const Request& request, NowaitHistory& history) {
  if (!HasQueue()) return Destination::kPool;
  if (!slots_.HasFree() || request.length > kDirectBytes || !ShouldTry(history)) return Destination::kPool;
  direct_bytes_ += request.length;
  const bool may_wait = direct_bytes_ > kDirectBatchBytes;
  if (kernel_->TakesFromAnyThread())
    return may_wait || IsWrite(request.opcode) ? Destination::kDeputy : Destination::kKernel;
  return may_wait ? Destination::kPool : Destination::kKernel;
}

// Cannot block. Either thread.
int64_t LinuxEngine::ServeNowait(Request& request) {
  if (request.opcode == Opcode::kReadFile) {
    MountKey mount;
    return cached_files_.Read(request.path.get(), request.single.iov_base, request.length, Nanoseconds(), &mount);
  }
  const int error = LookFor(request);
  if (error != 0) return error;
  const auto [fd, iov, count, offset] = std::tuple(request.fd, request.iov(), request.iov_count(), request.offset);
  if (request.check == PageCheck::kNowait)
    return Checked(preadv2(fd, iov, count, request.transfer.moves ? -1 : offset, RWF_NOWAIT));
  return Checked(request.transfer.moves ? readv(fd, iov, count) : preadv(fd, iov, count, offset));
}

void LinuxEngine::EndInline(Request& request, int64_t result) {
  if (!EndIfAnswered(request, result, Route::kInline)) for_pool_.push_back(std::move(request));
}

void LinuxEngine::ServeShared() {
  const auto end = [this](Request& request, int64_t result) { EndInline(request, result); };
  for (size_t next = 0; next < shared_.size();) {
    const size_t count = std::min(shared_.size() - next, InlineHelper::kMost);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += shared_[next + i].length;
    if (helper_.ReadyFor(count, bytes)) {
      helper_.ServeAll(&shared_[next], count, end);
    } else {
      for (size_t i = 0; i < count; i++) end(shared_[next + i], ServeNowait(shared_[next + i]));
    }
    next += count;
  }
  shared_.clear();
}

// Helper thread. Learns nothing from the answer: only the loop thread may write FileFacts.
void LinuxEngine::TakeLate(Request&& request, int64_t result) {
  const bool failed = result < 0 && !IsEngineFailure(result);
  // A read at the file's own position that ended early cannot be continued at a given position.
  const bool whole = IsWholeFile(request.opcode) || request.transfer.moves
                         ? result >= 0
                         : result == static_cast<int64_t>(request.length);
  if (failed || whole) {
    const Completion completion{request.channel, request.id, result, Route::kInline};
    return completions_.Push(&completion, 1);
  }
  if (result >= 0) request.Advance(static_cast<size_t>(result));
  request.missed = true;
  std::vector<Completion> unserved;
  pool_.Submit(&request, 1, unserved);
  completions_.Push(unserved.data(), unserved.size());
}

void LinuxEngine::Prepare(Request&& taken) {
  const uint32_t slot = slots_.Take(std::move(taken));
  const Request& request = slots_[slot];
  commands_.push_back({slot, &request, request.transfer.durable ? RWF_NOWAIT | RWF_DSYNC : RWF_NOWAIT});
}

// Has a pool thread submit a request to the kernel: the pool gets a stand-in for it.
void LinuxEngine::Depute(Request&& taken) {
  const uint32_t slot = slots_.Take(std::move(taken));
  const Request& request = slots_[slot];
  slots_.Depute(slot);
  Request stand_in;
  stand_in.channel = request.channel;
  stand_in.id = request.id;
  stand_in.opcode = request.opcode;
  stand_in.fd = request.fd;
  stand_in.duty = Duty::kSubmit;
  stand_in.deputy = this;
  stand_in.slot = slot;
  for_pool_.push_back(std::move(stand_in));
}

// Pool thread. Submits without RWF_NOWAIT: this thread may wait, and the request need not be
// repeated.
bool LinuxEngine::SubmitToKernel(uint32_t slot, Request& request) {
  const KernelCommand command{slot, &slots_[slot], slots_[slot].transfer.durable ? RWF_DSYNC : 0};
  CAIO_STEP("a request is to be submitted");
  if (kernel_->Submit(&command, 1) == 1) {
    CAIO_STEP("a request is submitted");
    return true;
  }
  request = std::move(slots_[slot]);
  request.missed = true;
  CAIO_STEP("a request is given back");
  slots_.GiveBack(slot);
  return false;
}

// Pool thread.
uint64_t LinuxEngine::BeginExamine() { return VoluntarySwitches(); }

bool LinuxEngine::WasQuick(const Request& request, int64_t result, uint64_t begun) {
  if (VoluntarySwitches() != begun) return false;
  // A listener of fanotify's may let files be opened, and make reads wait.
  if (request.opcode == Opcode::kOpen && !ReadUnnoticed(static_cast<int>(result))) return false;
  return VoluntarySwitches() == begun;
}

void LinuxEngine::Examine(const Request& request, bool quick) {
  MakeRoomForDescriptors(completions_.fd());
  if (HasPath(request.opcode)) return cached_paths_.Examine(request.opcode, request.path.get(), quick);
  // The request is complete: the caller may have closed the descriptor, and its number may come to
  // mean another file.
  MountKey mount, after;
  if (!FindMount(request.fd, &mount) || !known_.Begin(mount)) return;
  const Findings found = ExamineManner(request.fd);
  if (FindMount(request.fd, &after) && after == mount) known_.Learn(mount, found, Nanoseconds());
  known_.End(mount);
}

void LinuxEngine::BeginClose(Request& request) { request.close.state = cached_paths_.Release(request.fd); }

void LinuxEngine::EndClose(const Request& request) { cached_paths_.HasClosed(request.close.state); }

bool LinuxEngine::Cancel(uint32_t channel, uint32_t id) {
  // A slot that was given back holds no request: its id may be another operation's by now.
  slots_.TakeBack();
  if (!pool_.Cancel(channel, id)) return false;
  // The cancelled request may have been a stand-in.
  slots_.FreeDeputed(channel, id);
  return true;
}

// Runs an attempt on the loop thread, and measures whether it waits. The attempt sets `mount` if it
// reached a file system.
template <typename Try>
int64_t LinuxEngine::Metered(Try attempt) {
  const uint64_t now = Nanoseconds();
  meter_.Begin(now);
  MountKey mount = 0;
  const int64_t result = attempt(now, &mount);
  if (mount != 0) EndMetered(mount);
  return result;
}

int64_t LinuxEngine::ReadCached(const char* path, void* memory, size_t capacity) {
  return Metered([&](uint64_t now, MountKey* mount) { return cached_files_.Read(path, memory, capacity, now, mount); });
}

int64_t LinuxEngine::Attempt(const PathAttempt& attempt) {
  return Metered([&](uint64_t now, MountKey* mount) { return cached_paths_.Attempt(attempt, now, mount); });
}

int64_t LinuxEngine::Attempt(const OpenAttempt& attempt) {
  if (attempt.opcode == Opcode::kClose) maps_.Unmap(attempt.fd, files_);
  return Metered([&](uint64_t now, MountKey* mount) { return cached_paths_.AttemptOpen(attempt, now, mount); });
}

// Records the file system if it kept the loop thread waiting.
void LinuxEngine::EndMetered(MountKey mount) {
  const uint64_t now = Nanoseconds();
  if (meter_.HasWaited(now)) known_.HasWaited(mount, now);
}

void LinuxEngine::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  files_.NextBatch();
  now_ = Nanoseconds();
  met_ = 0;
  inline_bytes_ = 0;
  direct_bytes_ = 0;
  large_batch_ = count >= InlineHelper::kFewest;
  for (size_t i = 0; i < count; i++) {
    switch (Choose(batch[i])) {
      case Destination::kInline: EndInline(batch[i], ServeNowait(batch[i])); break;
      case Destination::kShared: shared_.push_back(std::move(batch[i])); break;
      case Destination::kKernel: Prepare(std::move(batch[i])); break;
      case Destination::kDeputy: Depute(std::move(batch[i])); break;
      case Destination::kPool: for_pool_.push_back(std::move(batch[i])); break;
    }
  }
  if (!commands_.empty()) {
    SubmitPrepared();
    Collect(Route::kInline);
  }
  if (!shared_.empty()) ServeShared();
  if (met_ != 0) EndMetered(met_);
  FlushPool(finished);
}

// The kernel takes the requests before the first bad one. That one is answered by itself, and the
// rest is submitted again.
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
      slots_.Free(slot);
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

// True if the result completes the request. False if the pool has to do the rest, or all, of it.
bool LinuxEngine::EndIfAnswered(Request& request, int64_t result, Route route) {
  if (IsEngineFailure(result)) {
    // EINVAL is about this request only, such as memory not aligned for direct I/O.
    if (result != -EINVAL && !IsWholeFile(request.opcode)) Remember(request, AnswerFor(result));
    request.missed = true;
    if (IsRead(request.opcode)) request.transfer.cold = result == -EAGAIN && !request.transfer.moves;
    return false;
  }
  if (result >= 0 && !IsWholeFile(request.opcode)) {
    Remember(request, NowaitAnswer::kHit);
    const auto moved = static_cast<size_t>(result);
    // A short read that ends at the end of the file is complete; kernels 5.9 and 5.10 also cut
    // NOWAIT reads short elsewhere.
    const bool whole = moved == request.length || request.transfer.moves ||
                       (IsRead(request.opcode) && IsEndOfFile(request.fd, request.offset + result));
    if (!whole) {
      request.Advance(moved);
      return false;
    }
  }
  done_.push_back({request.channel, request.id, result, route});
  return true;
}

void LinuxEngine::EndSlot(uint32_t slot, int64_t result, Route route) {
  if (!EndIfAnswered(slots_[slot], result, route)) for_pool_.push_back(std::move(slots_[slot]));
  slots_.Free(slot);
}

// Reaps all available events.
void LinuxEngine::Collect(Route route) {
  if (!is_open_) return;
  std::array<KernelEvent, 64> events;
  size_t count;
  do {
    count = kernel_->Reap(events.data(), events.size());
    for (size_t i = 0; i < count; i++) EndSlot(events[i].slot, events[i].result, route);
  } while (count == events.size());
}

void LinuxEngine::FlushPool(std::vector<Completion>& finished) {
  if (!for_pool_.empty()) {
    // Examining the file system of one request is enough.
    for (Request& request : for_pool_) {
      if (!known_.IsWanted()) break;
      if (!HasPath(request.opcode)) continue;
      request.duty = Duty::kExamine;
      request.deputy = this;
      break;
    }
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

void LinuxEngine::Finish() {
  EndTurn();
  helper_.Close();
  // The pool takes over what the kernel could not do, and its threads submit to the kernel: repeats
  // until both are empty.
  for (;;) {
    pool_.Finish();
    slots_.TakeBack();
    if (slots_.AllFree()) return;
    KernelEvent event;
    const long answered = kernel_->WaitOne(&event, 60);
    if (answered < 0) return;  // the queue no longer works
    if (answered == 0) continue;
    EndSlot(event.slot, event.result, Route::kKernel);
    std::vector<Completion> untold;
    FlushPool(untold);
    completions_.Push(untold.data(), untold.size());
  }
}

void LinuxEngine::Close() {
  Finish();
  kernel_->Close();
}

}  // namespace caio
