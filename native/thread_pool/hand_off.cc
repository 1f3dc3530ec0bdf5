// The pool's part of the hand-off.
#include "hand_off.h"

#include <sched.h>

#include <algorithm>

#include "../support/mutex.h"
#include "../support/nanoseconds.h"
#include "../support/pause.h"
#include "../support/step.h"
#include "serve.h"
#include "thread_pool.h"

namespace caio {

namespace {

// Threads that linger, in all pools of the process: they leave a processor to the threads that give
// them work.
std::atomic<int> lingering_threads{0};

// Requests that mostly do not wait.
bool IsForHandOff(const Request& request) {
  return IsSmall(request) && !request.missed && !request.is_cold() && request.moved() == 0 && !request.is_durable() &&
         request.duty != Duty::kSubmit && request.duty != Duty::kGiveUp;
}

}  // namespace

bool ThreadPool::Linger(Worker& self) {
  if (processors_ < 2 || !self.worked || someone_lingers_ || finishing_ || closing_ || HasWork()) return false;
  self.worked = false;
  const uint64_t start = Nanoseconds();
  if (!IsCalm(calm_, start) || !IsWorthIt(lingering_)) return false;
  if (lingering_threads.fetch_add(1) + 1 >= processors_) {
    lingering_threads.fetch_sub(1);
    return false;
  }
  someone_lingers_ = true;
  const bool awaited = awaited_;
  const uint64_t linger = awaited ? kLinger : kLongLinger;
  self.ending.store(true, std::memory_order_relaxed);
  const uint32_t before = submissions_.load(std::memory_order_relaxed);
  mutex_.Unlock();
  CAIO_STEP("a thread lingers");
  bool came = false;
  uint64_t now = start;
  do {
    // The loop may have to be woken on this processor.
    if (awaited) {
      Pause();
    } else {
      sched_yield();
    }
    came = submissions_.load(std::memory_order_relaxed) != before;
    now = Nanoseconds();
  } while (!came && now - start < linger);
  mutex_.LockAwake();
  self.ending.store(false, std::memory_order_relaxed);
  someone_lingers_ = false;
  lingering_threads.fetch_sub(1);
  lingering_ = came ? Won(lingering_) : Lost(lingering_);
  // One that gives its processor away is interrupted by design.
  if (came || awaited) NoteWait(now - start, linger, now);
  return true;
}

void ThreadPool::NoteWait(uint64_t time, uint64_t most, uint64_t now) {
  if (IsInterrupted(time, most)) calm_ = Disturbed(calm_, time - most, now);
}

// Records what the loop may wait for: a few requests, while a thread is awake without other work.
void ThreadPool::HandOffBatch(const Request* batch, size_t count) {
  submissions_.fetch_add(1, std::memory_order_relaxed);
  awaited_ = false;
  if (processors_ < 2 || count > kHandedOffAtOnce || !queue_.empty()) return;
  if (!std::all_of(batch, batch + count, IsForHandOff) || Ending() == 0) return;
  const uint64_t now = Nanoseconds();
  if (!IsCalm(calm_, now)) return;
  handed_off_.count = 0;
  handed_off_.patience = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t patience = HowLong(patience_[static_cast<size_t>(batch[i].opcode)]);
    if (patience == 0) return;
    handed_off_.patience += patience;
    handed_off_.opcodes[i] = batch[i].opcode;
  }
  handed_off_.since = now;
  handed_off_.count = count;
  awaited_ = true;
}

void ThreadPool::AwaitHandedOff(std::vector<Completion>& finished) {
  const size_t count = handed_off_.count;
  if (count == 0) return;
  handed_off_.count = 0;
  const size_t before = finished.size();
  const size_t taken = completions_.LookOut(count, handed_off_.since + handed_off_.patience, finished);
  const uint64_t now = Nanoseconds();
  const uint64_t time = now - handed_off_.since;
  if (taken < count || IsInterrupted(time, handed_off_.patience)) {
    MutexLock lock(mutex_);
    NoteWait(time, handed_off_.patience, now);
    awaited_ = taken >= count;
  }
  for (size_t i = 0; i < count; i++) {
    Patience& patience = patience_[static_cast<size_t>(handed_off_.opcodes[i])];
    patience = taken >= count ? InTime(patience, time / count) : TooLate(patience);
  }
  for (size_t i = before; i < finished.size(); i++) {
    if (finished[i].route == Route::kPool) finished[i].route = Route::kHandOff;
  }
}

}  // namespace caio
