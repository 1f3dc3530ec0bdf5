#include "thread_pool.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "../mutex_lock.h"
#include "file_io.h"

namespace caio {

namespace {
constexpr size_t kStackSize = 256 * 1024;
constexpr size_t kSmall = 64 * 1024;
constexpr uint64_t kShareWithin = 20 * 1000;  // nanoseconds

// Done in microseconds if no disk is waited for; a sync never is.
bool IsSmall(const Request& request) { return !IsSync(request.opcode) && request.length <= kSmall; }

uint64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}
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

bool ThreadPool::StartThread() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackSize);
  // Signals belong to the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, ThreadMain, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  threads_.push_back(thread);
  return true;
}

void ThreadPool::EnqueueGate(int fd, SyncGate& gate) {
  if (gate.queued || gate.running) return;
  gate.queued = true;
  Request token;
  token.opcode = Opcode::kFsync;
  token.fd = fd;
  queue_.push_back(std::move(token));
}

void ThreadPool::Enqueue(Request&& request) {
  if (!IsSync(request.opcode)) {
    queue_.push_back(std::move(request));
    return;
  }
  const int fd = request.fd;
  SyncGate& gate = gates_[fd];
  gate.waiting.push_back(std::move(request));
  EnqueueGate(fd, gate);
}

void ThreadPool::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  MutexLock lock(mutex_);
  // One thread more a batch, as long as the idle ones are fewer than the work: the pool grows with need, never past its limit.
  const size_t wanted = std::min<size_t>(max_threads_, threads_.size() - idle_ + queue_.size() + count);
  while (threads_.size() < wanted && StartThread()) {
  }
  if (threads_.empty() || closing_) {
    for (size_t i = 0; i < count; i++) {
      finished.push_back({batch[i].channel, batch[i].id, kUnserved, Route::kPool});
    }
    return;
  }
  for (size_t i = 0; i < count; i++) Enqueue(std::move(batch[i]));
  // One wake-up for a batch; a worker that finds more than it takes wakes the next.
  if (idle_ > 0) pthread_cond_signal(&wake_);
}

bool ThreadPool::Cancel(uint32_t channel, uint32_t id) {
  const auto matches = [&](const Request& request) { return request.channel == channel && request.id == id; };
  MutexLock lock(mutex_);
  const auto queued = std::find_if(queue_.begin(), queue_.end(), [&](const Request& request) {
    return !IsSync(request.opcode) && matches(request);
  });
  if (queued != queue_.end()) {
    queue_.erase(queued);
    return true;
  }
  for (auto& [fd, gate] : gates_) {
    const auto waiting = std::find_if(gate.waiting.begin(), gate.waiting.end(), matches);
    if (waiting == gate.waiting.end()) continue;
    gate.waiting.erase(waiting);
    return true;
  }
  return false;
}

void* ThreadPool::ThreadMain(void* pool) {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "caio");
#endif
  static_cast<ThreadPool*>(pool)->Work();
  return nullptr;
}

// Several at a time where many wait, so that the lock is not what they wait for; none of them large, and no more than leaves
// work for the other threads.
size_t ThreadPool::Take(std::array<Request, kMostTaken>& taken) {
  const size_t fair = 1 + queue_.size() / (2 * threads_.size());
  size_t count = 0;
  do {
    taken[count++] = std::move(queue_.front());
    queue_.pop_front();
  } while (count < std::min(fair, kMostTaken) && !queue_.empty() && IsSmall(taken[count - 1]) && IsSmall(queue_.front()));
  return count;
}

void ThreadPool::Work() {
  std::array<Request, kMostTaken> taken;
  std::array<Completion, kMostTaken> completions;
  pthread_mutex_lock(&mutex_);
  for (;;) {
    while (queue_.empty() && !closing_) {
      idle_++;
      pthread_cond_wait(&wake_, &mutex_);
      idle_--;
    }
    if (closing_) break;
    const size_t count = Take(taken);
    if (!queue_.empty() && idle_ > 0) pthread_cond_signal(&wake_);
    if (IsSync(taken[0].opcode)) {
      RunSync(taken[0].fd);
      continue;
    }
    pthread_mutex_unlock(&mutex_);
    size_t unpushed = 0;
    uint64_t since = Nanoseconds();
    for (size_t i = 0; i < count; i++) {
      Request& request = taken[i];
      const Route route = request.missed ? Route::kMissed : Route::kPool;
      completions[unpushed++] = {request.channel, request.id, PerformBlocking(request), route};
      // Those done quickly share a wake-up; none waits for a slow one behind it.
      if (i + 1 < count && Nanoseconds() - since < kShareWithin) continue;
      completions_.Push(completions.data(), unpushed);
      unpushed = 0;
      since = Nanoseconds();
    }
    pthread_mutex_lock(&mutex_);
  }
  pthread_mutex_unlock(&mutex_);
}

void ThreadPool::RunSync(int fd) {
  // References into an unordered_map survive insertions; only this thread erases this gate, since it is running.
  SyncGate& gate = gates_[fd];
  gate.queued = false;
  std::vector<Request> group = std::move(gate.waiting);
  gate.waiting.clear();
  if (group.empty()) {  // all cancelled
    gates_.erase(fd);
    return;
  }
  gate.running = true;
  pthread_mutex_unlock(&mutex_);

  Request sync;
  sync.fd = fd;
  const bool full = std::any_of(group.begin(), group.end(), [](const Request& r) { return r.opcode == Opcode::kFsync; });
  sync.opcode = full ? Opcode::kFsync : Opcode::kFdsync;
  const int64_t result = PerformBlocking(sync);

  pthread_mutex_lock(&mutex_);
  gate.running = false;
  if (result < 0) {
    // The kernel reports lost pages once a descriptor and then calls them clean: those who wait for the next sync may have
    // had their data in this one, so they hear of it now.
    for (Request& request : gate.waiting) group.push_back(std::move(request));
    gate.waiting.clear();
  }
  if (gate.waiting.empty()) {
    gates_.erase(fd);
  } else {
    EnqueueGate(fd, gate);
  }
  std::vector<Completion> completions;
  completions.reserve(group.size());
  for (const Request& request : group) completions.push_back({request.channel, request.id, result, Route::kPool});
  completions_.Push(completions.data(), completions.size());
}

void ThreadPool::Close() {
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    queue_.clear();
    for (auto& [fd, gate] : gates_) gate.waiting.clear();
    pthread_cond_broadcast(&wake_);
  }
  for (pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
}

}  // namespace caio
