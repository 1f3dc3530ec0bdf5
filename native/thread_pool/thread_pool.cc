#include "thread_pool.h"

#include <errno.h>

#include <algorithm>
#include <array>
#include <utility>

#include "../support/buffered.h"
#include "../support/mutex.h"
#include "../support/platform.h"
#include "../support/start_thread.h"
#include "../support/step.h"
#include "serve.h"
#include "../operations/transfer.h"

namespace caio {

namespace {

// Stuck threads that may be replaced, per regular thread.
constexpr unsigned kReplaced = 3;
// Trees in progress at a time: more than can be stuck in one file system.
constexpr size_t kMostTrees = 24;

// Whether it comes after what writes to the file before it, and before what does so later.
bool IsInTurn(const Request& request) {
  return (IsWrite(request.opcode) && request.duty != Duty::kSubmit) || request.opcode == Opcode::kFtruncate;
}

}  // namespace

ThreadPool::ThreadPool(CompletionQueue& completions, unsigned max_threads, int usable)
    : completions_(completions), max_threads_(std::max(1u, max_threads)), usable_(usable) {}

ThreadPool::~ThreadPool() { Close(); }

// Threads that take queued work without a wake-up: where one operation follows another, they are
// sooner than a sleeping thread.
size_t ThreadPool::Ending() const {
  const auto is_ending = [](const auto& worker) { return worker->ending.load(std::memory_order_relaxed); };
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), is_ending));
}

// Threads that may be busy.
size_t ThreadPool::Limit() const { return max_threads_ + std::min<size_t>(stuck_, kReplaced * max_threads_); }

bool ThreadPool::HasWork() const {
  if (!queue_.empty()) return true;
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->hand.HasOpen(); });
}

bool ThreadPool::AddWorker() {
  workers_.push_back(std::make_unique<Worker>(*this));
  Worker& worker = *workers_.back();
  worker.busy = true;
  BeforeThread();
  if (StartThread(&worker.thread, ThreadMain, &worker)) return true;
  workers_.pop_back();
  return false;
}

// Adds threads if there is work for them, never past the limit.
void ThreadPool::Grow() {
  size_t waiting = queue_.size();
  // Requests in the hands of stuck threads are work, too.
  if (stuck_ > 0) {
    waiting += static_cast<size_t>(
        std::count_if(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->hand.HasOpen(); }));
  }
  const size_t wanted = std::min(Limit(), Busy() + waiting - std::min(waiting, Ending() + expected_));
  while (workers_.size() < wanted && AddWorker()) {
  }
}

void ThreadPool::Enqueue(Request&& request) {
  if (ChangesNames(request.opcode)) {
    const uint64_t directory = DirectoryOf(request);
    Gate& gate = names_[directory];
    gate.waiting.push_back(std::move(request));
    EnqueueGate({ItemKind::kNames, {}, directory}, gate);
    return;
  }
  const int fd = request.fd;
  ItemKind kind = ItemKind::kRequest;
  if (IsSync(request.opcode)) {
    kind = ItemKind::kSyncs;
  } else if (IsInTurn(request) &&
             (request.moves_position() || request.is_buffered() || writes_.count(fd) > 0 || IsOpenBuffered(fd))) {
    // Only buffered writes: the kernel holds the file's lock for each. Looked up when a gate opens, not per write.
    kind = ItemKind::kWrites;
  }
  if (kind == ItemKind::kRequest) {
    queue_.push_back({kind, std::move(request), 0});
    return;
  }
  if (kind == ItemKind::kSyncs) {
    habits_.Synced(fd);
  } else if (IsWrite(request.opcode)) {
    request.transfer.shares_sync = request.transfer.durable;
    request.transfer.durable = false;
    request.transfer.sync_follows = request.transfer.shares_sync || habits_.Written(fd);
  }
  Gate& gate = (kind == ItemKind::kSyncs ? syncs_ : writes_)[fd];
  gate.waiting.push_back(std::move(request));
  EnqueueGate(ItemOf(kind, fd), gate);
}

bool ThreadPool::HasThread() {
  MutexLock lock(mutex_);
  return !closing_ && (!workers_.empty() || AddWorker());
}

void ThreadPool::Submit(Request* batch, size_t count, std::vector<Completion>& finished) {
  mutex_.Lock();
  const bool open = !closing_ && (!workers_.empty() || AddWorker());
  if (open) HandOffBatch(batch, count);
  for (size_t i = 0; i < count; i++) {
    if (open) {
      Enqueue(std::move(batch[i]));
    } else {
      finished.push_back({batch[i].channel, batch[i].id, kUnserved, Route::kPool});
    }
  }
  if (open) Grow();
  // One wake-up per batch; a worker that leaves work wakes the next.
  LeaveAndWake();
}

bool ThreadPool::Cancel(uint32_t channel, uint32_t id) {
  const auto is_it = [&](const Request& request) { return request.channel == channel && request.id == id; };
  const auto matches = [&](const Request& request) {
    const bool begun = request.progress || (request.shares_sync() && request.moved() > 0);
    return is_it(request) && !begun;
  };
  const auto take_from = [&](std::deque<Item>& items) {
    const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) {
      return item.kind == ItemKind::kRequest && matches(item.request);
    });
    if (found == items.end()) return false;
    items.erase(found);
    return true;
  };
  MutexLock lock(mutex_);
  if (take_from(queue_)) return true;
  for (Gates* gates : {&syncs_, &writes_, &names_}) {
    for (auto& [key, gate] : *gates) {
      const auto waiting = std::find_if(gate.waiting.begin(), gate.waiting.end(), matches);
      if (waiting == gate.waiting.end()) continue;
      gate.waiting.erase(waiting);
      return true;
    }
  }
  Request taken;
  for (const auto& worker : workers_) {
    if (worker->hand.TakeIf(is_it, taken)) return true;
  }
  return std::any_of(set_apart_.begin(), set_apart_.end(), [&](auto& each) { return take_from(each.second); });
}

void* ThreadPool::ThreadMain(void* worker) {
  NameThread("caio");
  auto* self = static_cast<Worker*>(worker);
  MutexLock lock(self->pool.mutex_);
  self->pool.Work(*self);
  return nullptr;
}

void ThreadPool::Work(Worker& self) {
  self.id = Pinning::Self();
  CAIO_STEP("a thread has begun");
  for (;;) {
    self.ending.store(false, std::memory_order_relaxed);
    Unstick(self);
    while (!HasWork() || Busy() > Limit()) {
      if (Linger(self)) continue;
      self.busy = false;
      idle_++;
      // This thread leaves work to others, which may be stuck by now.
      if (HasWork()) NeedWatch();
      if (finishing_ && idle_ == workers_.size()) all_idle_.Signal();
      if (!closing_) sleepers_.Sleep(self, mutex_);
      if (closing_) return;
      idle_--;
      self.busy = true;
    }
    self.worked = true;
    TakeAndRun(self);
  }
}

void ThreadPool::TakeAndRun(Worker& self) {
  if (queue_.empty()) {
    for (const auto& worker : workers_) {
      Item item;
      if (!worker->hand.Take(item.request)) continue;
      if (SetApart(item)) return;
      return RunRequests(self, std::move(item.request));
    }
    return;  // the owner was faster
  }
  Item item = std::move(queue_.front());
  queue_.pop_front();
  if (item.kind == ItemKind::kRequest && WaitForTrees(item)) return;
  if (item.kind != ItemKind::kNames && SetApart(item)) return;
  switch (item.kind) {
    case ItemKind::kRequest: return RunRequests(self, std::move(item.request));
    case ItemKind::kSyncs: return RunSyncs(self, item.request.fd);
    case ItemKind::kWrites: return RunWrites(self, item.request.fd);
    case ItemKind::kNames: return RunNames(self, item.directory);
  }
}

// Threads begin with the binding of the one that starts them.
void ThreadPool::BeforeThread() {
  if (IsBeside()) EndBeside();
}

// One that runs anywhere, if there is one; nullptr if none sleeps.
Sleepers::Sleeper* ThreadPool::TakeSleeper() {
  Sleepers::Sleeper* const sleeper = Busy() == 0 ? sleepers_.FirstBut(beside_) : sleepers_.LastBut(beside_);
  if (sleeper && sleeper == beside_) EndBeside();
  return sleeper ? sleepers_.Take(sleeper) : nullptr;
}

Sleepers::Sleeper* ThreadPool::Next() {
  if (calls_beside_) {
    calls_beside_ = false;
    return sleepers_.Take(beside_);
  }
  const bool needed =
      idle_ > 0 && Busy() < Limit() && HasWork() && (queue_.empty() || queue_.size() > Ending() + expected_);
  return needed ? TakeSleeper() : nullptr;
}

// Signals after unlocking: a woken thread first takes the lock, and would have to wait again.
void ThreadPool::LeaveAndWake() {
  NeedWatch();
  Sleepers::Sleeper* const sleeper = Next();
  mutex_.Unlock();
  if (sleeper) sleeper->Wake();
}

void ThreadPool::PerformAt(Worker& self, size_t place) {
  Hand& hand = self.hand;
  if (!hand.Begin(place)) return;
  BeginStep(self, place);
  MoveAwayIfLong(self, hand[place]);
  Completion completion;
  const bool has_begun = hand[place].progress != nullptr;
  const Duty duty = hand[place].duty;
  Deputy* const deputy = hand[place].deputy;
  const uint64_t begun = duty == Duty::kExamine ? deputy->BeginExamine() : 0;
  const Outcome outcome = Serve(hand[place], completion);
  const bool examine = duty == Duty::kExamine && completion.result >= 0;
  const bool quick = examine && deputy->WasQuick(hand[place], completion.result, begun);
  // Its deputy has nothing more to do that takes time.
  if (place + 1 == hand.count() && (duty == Duty::kNone || duty == Duty::kClose) &&
      !self.beside.load(std::memory_order_relaxed))
    self.ending.store(true, std::memory_order_relaxed);
  // Pushed at once: the next request may be slow.
  if (outcome == Outcome::kDone) completions_.Push(&completion, 1);
  if (examine) deputy->Examine(hand[place], quick);
  if (duty == Duty::kClose && completion.result >= 0) deputy->EndClose(hand[place]);
  EndStep(self);
  if (outcome != Outcome::kUnfinished && !has_begun) return;
  MutexLock lock(mutex_);
  if (outcome == Outcome::kUnfinished) {
    if (!has_begun) begun_trees_++;
    PutBack(std::move(hand[place]));
  } else {
    EndTree();
  }
}

// Queues a tree again, after newer requests. Dropped when the pool ends: no caller waits for it,
// and it may take long.
void ThreadPool::PutBack(Request&& unfinished) {
  if (finishing_) return EndTree();
  queue_.push_back({ItemKind::kRequest, std::move(unfinished), 0});
}

// A tree keeps a descriptor, so not all may be in progress at once. Trees set apart are not
// counted: they may stay so for ever.
bool ThreadPool::WaitForTrees(Item& item) {
  if (!IsTree(item.request.opcode) || item.request.progress || begun_trees_ < kMostTrees) return false;
  trees_.push_back(std::move(item));
  return true;
}

void ThreadPool::EndTree() {
  begun_trees_--;
  if (trees_.empty()) return;
  queue_.push_back(std::move(trees_.front()));
  trees_.pop_front();
}

void ThreadPool::Perform(Worker& self) {
  for (size_t place = 0; place < self.hand.count(); place++) PerformAt(self, place);
}

// Takes several requests if many wait, so that they do not wait for the lock; no large ones, and no
// more than leaves work for the other threads. Cold reads of one file go to the device together, so
// one thread may take more of them.
void ThreadPool::RunRequests(Worker& self, Request&& first) {
  Hand& hand = self.hand;
  hand.Clear(true);
  hand.Add(std::move(first));
  const size_t fair = std::min(1 + queue_.size() / (2 * workers_.size()), Hand::kMost / 2);
  const size_t most = stuck_ >= max_threads_ ? 1 : hand[0].is_cold() ? Hand::kMost : fair;
  while (hand.count() < most && !queue_.empty() && IsSmall(hand[hand.count() - 1])) {
    Item& next = queue_.front();
    if (next.kind != ItemKind::kRequest || !IsSmall(next.request) || next.request.is_cold() != hand[0].is_cold()) break;
    if (!HasPath(next.request.opcode) && next.request.fd != hand[0].fd) break;
    hand.Add(std::move(next.request));
    queue_.pop_front();
  }
  if (hand.count() == 1) hand.Keep();
  // Recorded while no thread can take them.
  std::array<Range, Hand::kMost> cold;
  size_t fetched = 0;
  for (size_t i = 0; hand.count() > 1 && i < hand.count(); i++) {
    if (hand[i].is_cold()) cold[fetched++] = RangeOf(hand[i]);
  }
  LeaveAndWake();
  CAIO_STEP("requests are taken");
  BeginStep(self, 0);
  for (size_t i = 0; i < fetched; i++) Prefetch(cold[i]);
  Perform(self);
  CAIO_STEP("requests are done");
  mutex_.Lock();
  hand.Clear(true);
}

// Drops reads not begun: no caller can see their results any more.
void ThreadPool::DropReads() {
  const auto drop_from = [](std::deque<Item>& items) {
    const auto is_read = [](const Item& item) { return item.kind == ItemKind::kRequest && OnlyReads(item.request); };
    items.erase(std::remove_if(items.begin(), items.end(), is_read), items.end());
  };
  drop_from(queue_);
  for (auto& each : set_apart_) drop_from(each.second);
  Request dropped;
  for (const auto& worker : workers_) {
    while (worker->hand.TakeIf(OnlyReads, dropped)) {
    }
  }
}

void ThreadPool::FinishLocked() {
  DropReads();
  finishing_ = true;
  const auto is_finished = [this] {
    if (!queue_.empty() || !trees_.empty() || idle_ < workers_.size()) return false;
    return std::all_of(set_apart_.begin(), set_apart_.end(), [](const auto& each) { return each.second.empty(); });
  };
  while (!is_finished()) all_idle_.Wait(mutex_);
  finishing_ = false;
}

void ThreadPool::Finish() {
  MutexLock lock(mutex_);
  FinishLocked();
}

void ThreadPool::Close() {
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    FinishLocked();
    // No thread is added from here on: Submit refuses, and others add one only for queued work.
    closing_ = true;
    sleepers_.WakeAll();
    watch_.Signal();
  }
  for (const auto& worker : workers_) pthread_join(worker->thread, nullptr);
  if (has_watch_) pthread_join(watch_thread_, nullptr);
  workers_.clear();
}

}  // namespace caio
