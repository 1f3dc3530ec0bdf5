#include "thread_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "../mutex_lock.h"
#include "../nanoseconds.h"
#include "../start_thread.h"
#include "file_io.h"

namespace caio {

namespace {
constexpr size_t kSmall = 64 * 1024;
constexpr uint64_t kShareWithin = 20 * 1000;  // nanoseconds

// Direct writes go to the device side by side. Asked once for as long as some wait.
bool IsBuffered([[maybe_unused]] int fd) {
#ifdef O_DIRECT
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DIRECT) == 0;
#else
  return true;
#endif
}

// Done in microseconds if no disk is waited for; a sync never is, a control may be anything.
bool IsSmall(const Request& request) {
  return !IsSync(request.opcode) && !IsControl(request.opcode) && request.length <= kSmall;
}

Completion CompletionOf(const Request& request, int64_t result) {
  return {request.channel, request.id, result, request.missed ? Route::kMissed : Route::kPool};
}

// Serves a request. False if its completion has to wait for a sync.
bool Serve(Request& request, Completion& completion) {
  completion = CompletionOf(request, PerformBlocking(request));
  if (completion.result < 0) request.shares_sync = false;
  return !request.shares_sync;
}

// What a sync means to one of those that waited for it.
int64_t ResultOf(const Request& request, int64_t synced) {
  return synced < 0 || IsSync(request.opcode) ? synced : static_cast<int64_t>(request.done);
}

bool HasSync(const std::deque<Request>& group) {
  return std::any_of(group.begin(), group.end(), [](const Request& request) { return IsSync(request.opcode); });
}

// A device, say: a durable write to it is a plain one, for the kernel as well.
bool CannotBeSynced(int fd) {
  struct stat file;
  return fstat(fd, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISBLK(file.st_mode);
}

// Written pages that the kernel could not put on the disk. It says so once a descriptor, and calls them clean.
bool IsLoss(int64_t result) { return result == -EIO || result == -ENOSPC || result == -EDQUOT; }
}  // namespace

ThreadPool::ThreadPool(CompletionQueue& completions, unsigned max_threads)
    : completions_(completions), max_threads_(std::max(1u, max_threads)) {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&wake_, nullptr);
}

ThreadPool::~ThreadPool() {
  Close();
  pthread_cond_destroy(&wake_);
  pthread_mutex_destroy(&mutex_);
}

bool ThreadPool::AddThread() {
  pthread_t thread;
  if (!StartThread(&thread, ThreadMain, this)) return false;
  threads_.push_back(thread);
  return true;
}

void ThreadPool::EnqueueGate(What what, int fd, Gate& gate) {
  if (gate.queued || gate.running) return;
  gate.queued = true;
  Item item;
  item.what = what;
  item.request.fd = fd;
  queue_.push_back(std::move(item));
}

void ThreadPool::Enqueue(Request&& request) {
  const int fd = request.fd;
  What what = What::kRequest;
  if (IsSync(request.opcode)) {
    what = What::kSyncs;
  } else if (IsWrite(request.opcode) && (writes_.count(fd) > 0 || IsBuffered(fd))) {
    what = What::kWrites;
  }
  if (what == What::kRequest) {
    queue_.push_back({what, std::move(request)});
    return;
  }
  if (what == What::kSyncs) {
    habits_.Synced(fd);
  } else {
    request.shares_sync = request.durable;
    request.durable = false;
    request.sync_follows = request.shares_sync || habits_.Written(fd);
  }
  Gate& gate = (what == What::kSyncs ? syncs_ : writes_)[fd];
  gate.waiting.push_back(std::move(request));
  EnqueueGate(what, fd, gate);
}

void ThreadPool::AwaitSync(Request&& written) {
  const int fd = written.fd;
  Gate& gate = syncs_[fd];
  gate.waiting.push_back(std::move(written));
  EnqueueGate(What::kSyncs, fd, gate);
}

void ThreadPool::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  pthread_mutex_lock(&mutex_);
  const bool open = !closing_ && (!threads_.empty() || AddThread());
  for (size_t i = 0; i < count; i++) {
    if (open) {
      Enqueue(std::move(batch[i]));
    } else {
      finished.push_back({batch[i].channel, batch[i].id, kUnserved, Route::kPool});
    }
  }
  if (open) Grow();
  // One wake-up for a batch; a worker that finds more than it takes wakes the next.
  LeaveAndWake();
}

// With need, never past its limit.
void ThreadPool::Grow() {
  const size_t wanted = std::min<size_t>(max_threads_, threads_.size() - idle_ + queue_.size());
  while (threads_.size() < wanted && AddThread()) {
  }
}

bool ThreadPool::Cancel(uint32_t channel, uint32_t id) {
  const auto matches = [&](const Request& request) {
    const bool written = request.shares_sync && request.done > 0;
    return request.channel == channel && request.id == id && !written;
  };
  const auto item_matches = [&](const Item& item) { return item.what == What::kRequest && matches(item.request); };
  MutexLock lock(mutex_);
  const auto queued = std::find_if(queue_.begin(), queue_.end(), item_matches);
  if (queued != queue_.end()) {
    queue_.erase(queued);
    return true;
  }
  for (Gates* gates : {&syncs_, &writes_}) {
    for (auto& [fd, gate] : *gates) {
      const auto waiting = std::find_if(gate.waiting.begin(), gate.waiting.end(), matches);
      if (waiting == gate.waiting.end()) continue;
      gate.waiting.erase(waiting);
      return true;
    }
  }
  return false;
}

void* ThreadPool::ThreadMain(void* pool) {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "caio");
#endif
  auto* self = static_cast<ThreadPool*>(pool);
  MutexLock lock(self->mutex_);
  self->Work();
  return nullptr;
}

void ThreadPool::Work() {
  for (;;) {
    while (queue_.empty() && !closing_) {
      idle_++;
      pthread_cond_wait(&wake_, &mutex_);
      idle_--;
    }
    if (closing_) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    switch (item.what) {
      case What::kRequest: RunRequests(std::move(item.request)); break;
      case What::kSyncs: RunSyncs(item.request.fd); break;
      case What::kWrites: RunWrites(item.request.fd); break;
    }
  }
}

// Signals with the lock left, since it is what a thread that wakes wants first: it would wake only to wait again.
void ThreadPool::LeaveAndWake() {
  const bool wake = !queue_.empty() && idle_ > 0;
  pthread_mutex_unlock(&mutex_);
  if (wake) pthread_cond_signal(&wake_);
}

void ThreadPool::Perform(Taken& taken, size_t count) {
  if (count > 1) {
    for (size_t i = 0; i < count; i++) {
      if (taken[i].cold) Prefetch(taken[i]);
    }
  }
  std::array<Completion, kMostTaken> completions;
  size_t unpushed = 0;
  uint64_t since = Nanoseconds();
  for (size_t i = 0; i < count; i++) {
    if (Serve(taken[i], completions[unpushed])) unpushed++;
    // Those done quickly share a wake-up; none waits for a slow one behind it.
    if (i + 1 < count && Nanoseconds() - since < kShareWithin) continue;
    if (unpushed > 0) completions_.Push(completions.data(), unpushed);
    unpushed = 0;
    since = Nanoseconds();
  }
}

// 0, or the error of writing back, which those that share a sync have yet to hear.
int ThreadPool::PerformAndWriteBack(Taken& taken, size_t count) {
  std::array<Completion, kMostTaken> completions;
  size_t unpushed = 0;
  for (size_t i = 0; i < count; i++) {
    if (Serve(taken[i], completions[unpushed])) unpushed++;
  }
  // Before their callers hear of it: afterwards they may close the descriptor.
  const int error = StartWriteback(taken.data(), count);
  const bool all_wait = std::all_of(&taken[0], &taken[count], [](const Request& request) { return request.shares_sync; });
  if (error != 0 && !all_wait) {
    MutexLock lock(mutex_);
    writeback_errors_.Keep(taken[0].fd, error);
  }
  if (unpushed > 0) completions_.Push(completions.data(), unpushed);
  return error;
}

// Several at a time where many wait, so that the lock is not what they wait for; none of them large, and no more than leaves
// work for the other threads. Cold reads of one file go to the device together, so one thread may take more of them.
void ThreadPool::RunRequests(Request&& first) {
  Taken taken;
  taken[0] = std::move(first);
  size_t count = 1;
  const size_t fair = std::min(1 + queue_.size() / (2 * threads_.size()), kMostTaken / 2);
  const size_t most = taken[0].cold ? kMostTaken : fair;
  while (count < most && !queue_.empty() && IsSmall(taken[count - 1])) {
    Item& next = queue_.front();
    if (next.what != What::kRequest || !IsSmall(next.request) || next.request.cold != taken[0].cold) break;
    if (!IsWholeFile(next.request.opcode) && next.request.fd != taken[0].fd) break;
    taken[count++] = std::move(next.request);
    queue_.pop_front();
  }
  LeaveAndWake();
  Perform(taken, count);
  pthread_mutex_lock(&mutex_);
}

void ThreadPool::RunWrites(int fd) {
  // References into an unordered_map survive insertions; only the thread that runs a gate erases it.
  Gate& gate = writes_[fd];
  gate.queued = false;
  gate.lost = 0;
  Taken taken;
  size_t count = 0;
  while (count < kMostTaken && !gate.waiting.empty()) {
    if (count > 0 && !(IsSmall(taken[count - 1]) && IsSmall(gate.waiting.front()))) break;
    taken[count++] = std::move(gate.waiting.front());
    gate.waiting.pop_front();
  }
  gate.running = true;
  const bool lone = count == 1 && gate.waiting.empty();
  if (lone && taken[0].shares_sync && syncs_.count(fd) == 0) return RunDurably(fd, taken[0]);
  // Behind a lone small write its sync is asked for so soon that there is nothing to gain.
  const bool soon = lone && IsSmall(taken[0]);
  const bool sync_follows = !soon && std::any_of(&taken[0], &taken[count], [](const Request& r) { return r.sync_follows; });
  LeaveAndWake();
  int lost = 0;
  if (sync_follows) {
    lost = PerformAndWriteBack(taken, count);
  } else {
    Perform(taken, count);
  }
  pthread_mutex_lock(&mutex_);
  if (lost == 0) lost = gate.lost;
  // Before the sync, which then covers more.
  EndWrites(fd, gate);
  for (size_t i = 0; i < count; i++) {
    if (!taken[i].shares_sync) continue;
    if (lost == 0) {
      AwaitSync(std::move(taken[i]));
    } else {
      const Completion completion = CompletionOf(taken[i], lost);
      completions_.Push(&completion, 1);
    }
  }
  Grow();
}

void ThreadPool::EndWrites(int fd, Gate& gate) {
  gate.running = false;
  if (gate.waiting.empty()) {
    writes_.erase(fd);
  } else {
    EnqueueGate(What::kWrites, fd, gate);
  }
}

// With nobody to share a sync with, one system call does both, and syncs no more than it has written. No sync runs beside it: the
// kernel would tell only one of them of pages that are lost.
void ThreadPool::RunDurably(int fd, Request& request) {
  request.shares_sync = false;
  request.durable = true;
  Gate& writes = writes_[fd];
  Gate& syncs = syncs_[fd];
  syncs.running = true;
  LeaveAndWake();
  const int64_t result = PerformBlocking(request);
  std::deque<Request> group;
  if (result < 0) {
    group.push_back(std::move(request));
  } else {
    const Completion completion = CompletionOf(request, result);
    completions_.Push(&completion, 1);
  }
  pthread_mutex_lock(&mutex_);
  EndWrites(fd, writes);
  // No space is most likely what the write itself lacked.
  EndSync(fd, syncs, group, result, result == -EIO);
}

void ThreadPool::RunSyncs(int fd) {
  Gate& gate = syncs_[fd];
  gate.queued = false;
  std::deque<Request> group = std::move(gate.waiting);
  gate.waiting.clear();
  if (group.empty()) {  // all cancelled
    syncs_.erase(fd);
    return;
  }
  gate.running = true;
  LeaveAndWake();

  Request sync;
  sync.fd = fd;
  const bool full = std::any_of(group.begin(), group.end(), [](const Request& r) { return r.opcode == Opcode::kFsync; });
  sync.opcode = full ? Opcode::kFsync : Opcode::kFdsync;
  int64_t result = PerformBlocking(sync);
  const bool asked = HasSync(group);
  if (result == -EINVAL && !asked && CannotBeSynced(fd)) result = 0;

  pthread_mutex_lock(&mutex_);
  if (asked) {
    const int earlier = writeback_errors_.Take(fd);
    if (result == 0) result = earlier;
  }
  EndSync(fd, gate, group, result, result < 0);
}

// Completes a group. The kernel reports lost pages once a descriptor and then calls them clean: those who wait for the next sync, and
// those who are writing, may have had their data in this one, so they hear of it now.
void ThreadPool::EndSync(int fd, Gate& gate, std::deque<Request>& group, int64_t result, bool lost) {
  gate.running = false;
  if (lost) {
    for (Request& request : gate.waiting) group.push_back(std::move(request));
    gate.waiting.clear();
    const auto writes = writes_.find(fd);
    if (writes != writes_.end() && writes->second.running) writes->second.lost = static_cast<int>(result);
    // Nobody has heard of it who asked for what was written before.
    if (IsLoss(result) && !HasSync(group)) writeback_errors_.Keep(fd, static_cast<int>(result));
  }
  if (gate.waiting.empty()) {
    syncs_.erase(fd);
  } else {
    EnqueueGate(What::kSyncs, fd, gate);
  }
  if (group.empty()) return;
  std::vector<Completion> completions;
  completions.reserve(group.size());
  for (const Request& request : group) completions.push_back(CompletionOf(request, ResultOf(request, result)));
  completions_.Push(completions.data(), completions.size());
}

void ThreadPool::Close() {
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    queue_.clear();
    for (auto& [fd, gate] : syncs_) gate.waiting.clear();
    for (auto& [fd, gate] : writes_) gate.waiting.clear();
    pthread_cond_broadcast(&wake_);
  }
  for (pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
}

}  // namespace caio
