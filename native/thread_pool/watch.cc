// The pool's watch: finds stuck threads, replaces them, and sets apart requests that would be
// stuck, too.
#include <algorithm>
#include <utility>

#include "../support/mutex.h"
#include "../support/platform.h"
#include "../support/start_thread.h"
#include "file_system_of.h"
#include "thread_pool.h"

namespace caio {

namespace {

constexpr long kStuck = 50 * 1000 * 1000;  // nanoseconds; found after twice that at most

}  // namespace

// Whether changes of names wait for this worker.
bool ThreadPool::HoldsUp(const Worker& worker) const {
  if (!worker.directory) return false;
  return worker.hand.HasLeft() || !names_.find(*worker.directory)->second.waiting.empty();
}

// Whether the watch has to check for progress: all threads are busy, or requests wait for one
// thread alone.
bool ThreadPool::NeedsLook() const {
  if (Busy() >= Limit() && HasWork()) return true;
  return !names_.empty() &&
         std::any_of(workers_.begin(), workers_.end(), [this](const auto& w) { return HoldsUp(*w); });
}

void ThreadPool::NeedWatch() {
  if (watching_ || !NeedsLook()) return;
  if (has_watch_) {
    watch_.Signal();
  } else {
    BeforeThread();
    has_watch_ = StartThread(&watch_thread_, WatchMain, this);
  }
}

// The watch compares the counter with its last value: it does not change while a thread is stuck.
void ThreadPool::BeginStep(Worker& self, size_t place) {
  self.place.store(place, std::memory_order_relaxed);
  self.step.fetch_add(1, std::memory_order_relaxed);
}

void ThreadPool::EndStep(Worker& self) {
  self.step.fetch_add(1, std::memory_order_relaxed);
  if (!self.stuck.load(std::memory_order_relaxed)) return;
  MutexLock lock(mutex_);
  Unstick(self);
}

// A stuck thread has come back, and its replacement is one too many.
void ThreadPool::Unstick(Worker& self) {
  if (!self.stuck.load(std::memory_order_relaxed)) return;
  self.stuck.store(false, std::memory_order_relaxed);
  stuck_--;
  const auto waiting = set_apart_.find(self.file_system);
  self.file_system = kNoFileSystem;
  if (waiting == set_apart_.end()) return;
  for (Item& item : waiting->second) {
    if (item.request.progress) begun_trees_++;
    queue_.push_back(std::move(item));
  }
  set_apart_.erase(waiting);
  if (Sleepers::Sleeper* const sleeper = TakeSleeper()) sleeper->Wake();
}

void* ThreadPool::WatchMain(void* pool) {
  NameThread("caio-watch");
  auto* self = static_cast<ThreadPool*>(pool);
  MutexLock lock(self->mutex_);
  self->Watch();
  return nullptr;
}

void ThreadPool::Watch() {
  while (!closing_) {
    watching_ = HasWork() || NeedsLook();
    if (watching_) {
      watch_.WaitFor(mutex_, kStuck);
      Look();
    } else {
      watch_.Wait(mutex_);
    }
  }
}

void ThreadPool::Look() {
  for (size_t i = 0; i < workers_.size() && !closing_; i++) {
    Worker& worker = *workers_[i];
    const uint32_t step = worker.step.load(std::memory_order_relaxed);
    const bool moved = !worker.busy || worker.seen != step;
    worker.seen = step;
    if (moved || worker.stuck.load(std::memory_order_relaxed) || worker.hand.count() == 0) continue;
    worker.stuck.store(true, std::memory_order_relaxed);
    stuck_++;
    LetOthersChange(worker);
    const Whereabouts where = WhereaboutsOf(worker.hand[worker.place.load(std::memory_order_relaxed)]);
    mutex_.Unlock();
    const FileSystem file_system = FileSystemOf(where);
    mutex_.Lock();
    if (worker.stuck.load(std::memory_order_relaxed) && worker.step.load(std::memory_order_relaxed) == step) {
      worker.file_system = file_system;
    }
  }
  if (!HasWork()) return;
  Grow();
  EndBeside();
  sleepers_.WakeAll();
}

unsigned ThreadPool::StuckIn(FileSystem file_system) const {
  const auto is_in = [&](const auto& worker) {
    return worker->stuck.load(std::memory_order_relaxed) && worker->file_system == file_system;
  };
  return static_cast<unsigned>(std::count_if(workers_.begin(), workers_.end(), is_in));
}

// Whether the item has to wait for threads stuck in its file system. Releases the mutex to find
// out.
bool ThreadPool::SetApart(Item& item) {
  if (stuck_ < max_threads_) return false;
  const Whereabouts where = WhereaboutsOf(item.request);
  mutex_.Unlock();
  const FileSystem file_system = FileSystemOf(where);
  mutex_.Lock();
  if (file_system == kNoFileSystem || StuckIn(file_system) < max_threads_) return false;
  // Trees that wait for others to end must not wait for this one.
  if (item.request.progress) EndTree();
  set_apart_[file_system].push_back(std::move(item));
  return true;
}

}  // namespace caio
