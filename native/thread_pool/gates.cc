// The pool's gates: shared syncs, and buffered writes of one file, and what truncates it, one after
// the other.
#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "../support/mutex.h"
#include "../support/nanoseconds.h"
#include "../support/step.h"
#include "serve.h"
#include "../operations/transfer.h"
#include "thread_pool.h"

namespace caio {

namespace {

// Nanoseconds. A change of names that takes longer waits for more than the kernel's lock.
constexpr uint64_t kSlowChange = 200 * 1000;

// Time of recent changes, with the last one. A thread that loses its processor for a moment is no slow change.
uint64_t Recent(uint64_t before, uint64_t last) { return (3 * before + last) / 4; }

// Result of a sync for one of the requests that waited for it.
int64_t ResultOf(const Request& request, int64_t synced) {
  return synced < 0 || IsSync(request.opcode) ? synced : static_cast<int64_t>(request.moved());
}

bool HasSync(const std::deque<Request>& group) {
  return std::any_of(group.begin(), group.end(), [](const Request& request) { return IsSync(request.opcode); });
}

// A device, say: the kernel, too, treats a durable write to it as a plain one.
bool CannotBeSynced(int fd) {
  struct stat file;
  return fstat(fd, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISBLK(file.st_mode);
}

// The kernel could not write pages to the disk. It reports that once per descriptor, then calls the
// pages clean.
bool IsLoss(int64_t result) { return result == -EIO || result == -ENOSPC || result == -EDQUOT; }

}  // namespace

void ThreadPool::EnqueueGate(Item&& item, Gate& gate) {
  if (gate.queued || gate.running) return;
  gate.queued = true;
  queue_.push_back(std::move(item));
}

ThreadPool::Item ThreadPool::ItemOf(ItemKind kind, int fd) {
  Item item;
  item.kind = kind;
  item.request.fd = fd;
  return item;
}

void ThreadPool::AwaitSync(Request&& written) {
  const int fd = written.fd;
  Gate& gate = syncs_[fd];
  gate.waiting.push_back(std::move(written));
  EnqueueGate(ItemOf(ItemKind::kSyncs, fd), gate);
}

void ThreadPool::EndTurn(Gates& gates, uint64_t key, Item&& next) {
  Gate& gate = gates[key];
  gate.running = false;
  if (gate.waiting.empty()) {
    gates.erase(key);
  } else {
    EnqueueGate(std::move(next), gate);
  }
}

void ThreadPool::EndWrites(int fd) { EndTurn(writes_, fd, ItemOf(ItemKind::kWrites, fd)); }

// Identifies the file without the mutex: after a failure, its server is the least likely to answer.
int ThreadPool::TakeWritebackError(int fd) {
  if (!writeback_errors_.Has(fd)) return 0;
  mutex_.Unlock();
  const FileIdentity file = IdentityOf(fd);
  mutex_.Lock();
  return writeback_errors_.Take(fd, file);
}

// 0, or an error of writeback, which requests that share a sync still have to get.
int ThreadPool::PerformAndWriteBack(Worker& self) {
  Hand& hand = self.hand;
  const size_t count = hand.count();
  int error = 0;
  int untold = 0;  // an error that no request of this group waits for
  std::vector<const Request*> share;
  for (size_t i = 0; i < count; i++) {
    if (!hand.Begin(i)) continue;
    BeginStep(self, i);
    MoveAwayIfLong(self, hand[i]);
    Completion completion;
    if (Serve(hand[i], completion) == Outcome::kDone) {
      // Before the completion: afterwards the caller may close the descriptor.
      const Request* written = &hand[i];
      const int failed = completion.result > 0 ? StartWriteback(&written, 1) : 0;
      if (failed != 0) {
        untold = failed;
        KeepWritebackError(written->fd, failed);
      }
      completions_.Push(&completion, 1);
    } else {
      share.push_back(&hand[i]);
    }
    EndStep(self);
  }
  if (!share.empty()) {
    BeginStep(self, 0);
    error = StartWriteback(share.data(), share.size());
    EndStep(self);
  }
  return error != 0 ? error : untold;
}

void ThreadPool::KeepWritebackError(int fd, int error) {
  const FileIdentity file = IdentityOf(fd);
  MutexLock lock(mutex_);
  writeback_errors_.Keep(fd, file, error);
}

void ThreadPool::RunWrites(Worker& self, int fd) {
  // References into an unordered_map survive insertions; only the thread that runs a gate erases
  // it.
  Gate& gate = writes_[fd];
  gate.queued = false;
  gate.lost = 0;
  Hand& hand = self.hand;
  hand.Clear(false);
  while (hand.count() < Hand::kMost && !gate.waiting.empty()) {
    if (hand.count() > 0 && !(IsSmall(hand[hand.count() - 1]) && IsSmall(gate.waiting.front()))) break;
    hand.Add(std::move(gate.waiting.front()));
    gate.waiting.pop_front();
  }
  const size_t count = hand.count();
  gate.running = true;
  const bool lone = count == 1 && gate.waiting.empty();
  if (lone && hand[0].shares_sync() && syncs_.count(fd) == 0) return RunDurably(self, fd);
  // After a lone small write, its sync is asked for too soon for writeback to gain anything.
  const bool soon = lone && IsSmall(hand[0]);
  bool sync_follows = false;
  for (size_t i = 0; i < count; i++) sync_follows = sync_follows || hand[i].sync_follows();
  LeaveAndWake();
  CAIO_STEP("writes are taken");
  int lost = 0;
  if (sync_follows && !soon) {
    lost = PerformAndWriteBack(self);
  } else {
    Perform(self);
  }
  CAIO_STEP("writes are done");
  mutex_.Lock();
  if (lost == 0) lost = gate.lost;
  // Before the sync, which then covers more writes.
  EndWrites(fd);
  for (size_t i = 0; i < count; i++) {
    // Skips cancelled requests, too, whose place is empty.
    if (!hand[i].shares_sync()) continue;
    if (lost == 0) {
      AwaitSync(std::move(hand[i]));
    } else {
      const Completion completion = CompletionOf(hand[i], lost);
      completions_.Push(&completion, 1);
    }
  }
  hand.Clear(false);
  Grow();
}

// Without a request to share a sync with, one system call writes and syncs, and syncs only what it
// wrote. No sync runs beside it: the kernel would report lost pages to only one of them.
void ThreadPool::RunDurably(Worker& self, int fd) {
  Hand& hand = self.hand;
  hand[0].transfer.shares_sync = false;
  hand[0].transfer.durable = true;
  Gate& syncs = syncs_[fd];
  syncs.running = true;
  LeaveAndWake();
  CAIO_STEP("a durable write is taken");
  const bool begun = hand.Begin(0);
  int64_t result = 0;
  if (begun) {
    BeginStep(self, 0);
    result = PerformBlocking(hand[0]);
    if (result >= 0) {
      const Completion completion = CompletionOf(hand[0], result);
      completions_.Push(&completion, 1);
    }
    EndStep(self);
  }
  CAIO_STEP("a durable write is done");
  std::deque<Request> group;
  mutex_.Lock();
  if (result < 0) group.push_back(std::move(hand[0]));
  hand.Clear(false);
  EndWrites(fd);
  // ENOSPC is most likely the write's own failure.
  EndSync(fd, syncs, group, result, result == -EIO);
  Grow();
}

void ThreadPool::RunNames(Worker& self, uint64_t directory) {
  Gate& gate = names_[directory];
  gate.queued = false;
  // So many threads are stuck that each request has to be examined: some may go to a file system
  // that does not answer.
  if (stuck_ >= max_threads_) return OpenGate(directory);
  Hand& hand = self.hand;
  hand.Clear(false);
  while (hand.count() < Hand::kMost && !gate.waiting.empty()) {
    hand.Add(std::move(gate.waiting.front()));
    gate.waiting.pop_front();
  }
  gate.running = true;
  self.directory = directory;
  LeaveAndWake();
  CAIO_STEP("changes of names are taken");
  PerformNames(self);
  CAIO_STEP("changes of names are done");
  mutex_.Lock();
  EndNames(self);
  hand.Clear(false);
}

void ThreadPool::PerformNames(Worker& self) {
  uint64_t began = Nanoseconds();
  for (size_t place = 0; place < self.hand.count(); place++) {
    PerformAt(self, place);
    const uint64_t now = Nanoseconds();
    const uint64_t took = now - began;
    self.recent_change = Recent(self.recent_change, took);
    if (std::min(took, self.recent_change) > kSlowChange) {
      mutex_.Lock();
      LetOthersChange(self);
      Grow();
      LeaveAndWake();
    }
    began = now;
  }
}

void ThreadPool::EndNames(Worker& self) {
  if (!self.directory) return;
  EndTurn(names_, *self.directory, {ItemKind::kNames, {}, *self.directory});
  self.directory.reset();
}

// Lets any thread take the rest of this worker's changes.
void ThreadPool::LetOthersChange(Worker& self) {
  if (!self.directory) return;
  OpenGate(*self.directory);
  self.directory.reset();
  self.hand.Share();
}

void ThreadPool::OpenGate(uint64_t directory) {
  for (Request& request : names_[directory].waiting) queue_.push_back({ItemKind::kRequest, std::move(request), 0});
  names_.erase(directory);
}

void ThreadPool::RunSyncs(Worker& self, int fd) {
  Gate& gate = syncs_[fd];
  gate.queued = false;
  std::deque<Request> group = std::move(gate.waiting);
  gate.waiting.clear();
  if (group.empty()) {  // all cancelled
    syncs_.erase(fd);
    return;
  }
  gate.running = true;
  const bool full =
      std::any_of(group.begin(), group.end(), [](const Request& r) { return r.opcode == Opcode::kFsync; });
  Hand& hand = self.hand;
  hand.Clear(false);
  Request sync;
  sync.fd = fd;
  sync.opcode = full ? Opcode::kFsync : Opcode::kFdsync;
  hand.Add(std::move(sync));
  // Begun at once: it is no caller's request, so none may cancel it.
  hand.Begin(0);
  LeaveAndWake();

  CAIO_STEP("a sync is taken");
  BeginStep(self, 0);
  int64_t result = PerformBlocking(hand[0]);
  const bool asked = HasSync(group);
  if (result == -EINVAL && !asked && CannotBeSynced(fd)) result = 0;
  EndStep(self);
  CAIO_STEP("a sync is done");

  mutex_.Lock();
  hand.Clear(false);
  if (asked) {
    const int earlier = TakeWritebackError(fd);
    if (result == 0) result = earlier;
  }
  EndSync(fd, gate, group, result, result < 0);
  Grow();
}

// Completes a group. The kernel reports lost pages once per descriptor and then calls them clean.
// Requests that wait for the next sync, or are writing, may have lost data, too, so they fail now.
void ThreadPool::EndSync(int fd, Gate& gate, std::deque<Request>& group, int64_t result, bool lost) {
  // If the group has only writes with dsync, no sync's caller gets this error: it is kept for the
  // next sync. The gate stays closed while the mutex is released.
  bool keep = false;
  FileIdentity file;
  if (lost && IsLoss(result)) {
    mutex_.Unlock();
    file = IdentityOf(fd);
    mutex_.Lock();
    keep = true;
  }
  if (lost) {
    for (Request& request : gate.waiting) group.push_back(std::move(request));
    gate.waiting.clear();
    const auto writes = writes_.find(fd);
    if (writes != writes_.end() && writes->second.running) writes->second.lost = static_cast<int>(result);
    if (keep && !HasSync(group)) writeback_errors_.Keep(fd, file, static_cast<int>(result));
  }
  EndTurn(syncs_, fd, ItemOf(ItemKind::kSyncs, fd));
  if (group.empty()) return;
  std::vector<Completion> completions;
  completions.reserve(group.size());
  for (const Request& request : group) completions.push_back(CompletionOf(request, ResultOf(request, result)));
  completions_.Push(completions.data(), completions.size());
}

}  // namespace caio
