// The pool's part of the hand-off.
#include "hand_off.h"

#include <sched.h>

#include <algorithm>

#include "../support/mutex.h"
#include "../support/nanoseconds.h"
#include "../support/pause.h"
#include "../support/step.h"
#include "brief.h"
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

// Times that the loop gives its processor away for a batch: the thread beside it has not come to its
// end by then only if it waits for something.
constexpr int kYields = 2;

}  // namespace

bool ThreadPool::Linger(Worker& self) {
  if (!MayStayAwake(usable_) || !self.worked || &self == beside_ || someone_lingers_ || finishing_ || closing_ ||
      HasWork())
    return false;
  self.worked = false;
  const uint64_t start = Nanoseconds();
  if (!IsCalm(calm_, start) || !IsWorthIt(lingering_)) return false;
  if (lingering_threads.fetch_add(1) + 1 >= usable_) {
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

// Records what the loop may wait for: a few requests, while a thread is awake without other work, or
// sleeps and can be bound to the loop's processor.
void ThreadPool::HandOffBatch(const Request* batch, size_t count) {
  submissions_.fetch_add(1, std::memory_order_relaxed);
  awaited_ = false;
  expected_ = 0;
  if (count > kHandedOffAtOnce || !queue_.empty() || usable_ == 0) return;
  // First: those that another thread submits are not for it.
  if (!std::all_of(batch, batch + count, IsForHandOff) || !may_hand_off_) return;
  const uint64_t now = Nanoseconds();
  handed_off_.patience = 0;
  if (WaitsAwake(batch, count, now)) {
    handed_off_.beside = false;
    awaited_ = true;
  } else if (WaitsBeside(batch, count, now)) {
    handed_off_.beside = true;
    calls_beside_ = true;
    expected_ = count;
  } else {
    return;
  }
  for (size_t i = 0; i < count; i++) handed_off_.opcodes[i] = batch[i].opcode;
  handed_off_.since = now;
  handed_off_.count = count;
  completions_.ExpectLookOut();
}

// Whether the loop waits for a thread that is awake.
bool ThreadPool::WaitsAwake(const Request* batch, size_t count, uint64_t now) {
  if (Ending() == 0 || !IsCalm(calm_, now)) return false;
  for (size_t i = 0; i < count; i++) {
    const uint64_t patience = HowLong(patience_[static_cast<size_t>(batch[i].opcode)]);
    if (patience == 0) return false;
    handed_off_.patience += patience;
  }
  return true;
}

// Whether the loop gives its processor to a thread that sleeps.
bool ThreadPool::WaitsBeside(const Request* batch, size_t count, uint64_t now) {
  // Answers of others would be taken for those of this batch.
  if (Busy() > 0 || completions_.HasAny() || !IsCalm(beside_calm_, now)) return false;
  // A thread that stays awake is faster for requests that follow one another closely: one is woken.
  series_ = Follow(series_, now - answered_);
  if (MayStayAwake(usable_) && series_ >= kSeries && lingering_.rest == 0) {
    series_ = 0;
    return false;
  }
  const auto pays = [this](const Request& request) {
    return request.duty != Duty::kExamine && IsWorthIt(beside_credit_[static_cast<size_t>(request.opcode)]);
  };
  if (!std::all_of(batch, batch + count, pays)) return false;
  Worker* const worker = BindBeside();
  if (worker == beside_) return worker != nullptr;
  if (beside_) beside_->beside.store(false, std::memory_order_relaxed);
  beside_ = worker;
  if (worker) worker->beside.store(true, std::memory_order_relaxed);
  return worker != nullptr;
}

// Binds a thread that sleeps to the processor of this one. Nullptr if there is none, or it cannot
// be bound.
ThreadPool::Worker* ThreadPool::BindBeside() {
  const bool is_asleep = beside_ && sleepers_.IsAsleep(*beside_);
  Worker* const worker = is_asleep ? beside_ : static_cast<Worker*>(sleepers_.LastBut(nullptr));
  return worker && pinning_.Bind(worker->id) ? worker : nullptr;
}

void ThreadPool::EndBeside() {
  if (!beside_) return;
  beside_->beside.store(false, std::memory_order_relaxed);
  beside_ = nullptr;
  pinning_.Release();
}

bool ThreadPool::IsBeside() const { return beside_ && pthread_equal(beside_->thread, pthread_self()); }

// Afterwards the thread beside the loop sleeps, or runs anywhere. If it has not come to its end, it
// waits for something, or has lost the processor: others do the rest.
void ThreadPool::LetBesideGo() {
  mutex_.Lock();
  expected_ = 0;
  if (queue_.empty() && (!beside_ || sleepers_.IsAsleep(*beside_))) return mutex_.Unlock();
  EndBeside();
  Grow();
  LeaveAndWake();
}

void ThreadPool::MoveAwayIfLong(Worker& self, const Request& request) {
  if (!self.beside.load(std::memory_order_relaxed) || IsBrief(request, !MayStayAwake(usable_))) return;
  MutexLock lock(mutex_);
  if (!IsBeside()) return;
  self.beside.store(false, std::memory_order_relaxed);
  beside_ = nullptr;
  pinning_.MoveAway();
}

void ThreadPool::AwaitHandedOff(std::vector<Completion>& finished) {
  may_hand_off_ = false;
  const size_t count = handed_off_.count;
  if (count == 0) return;
  handed_off_.count = 0;
  const bool beside = handed_off_.beside;
  const size_t before = finished.size();
  const size_t taken = beside ? completions_.LookOutYielding(count, kYields, finished)
                              : completions_.LookOut(count, handed_off_.since + handed_off_.patience, finished);
  const bool in_time = taken >= count;
  const uint64_t now = Nanoseconds();
  const uint64_t time = now - handed_off_.since;
  answered_ = in_time ? now : 0;
  if (beside) {
    if (IsInterrupted(time, 0)) {
      MutexLock lock(mutex_);
      beside_calm_ = Disturbed(beside_calm_, time / kBesideGain, now);
    }
    LetBesideGo();
  } else if (!in_time || IsInterrupted(time, handed_off_.patience)) {
    MutexLock lock(mutex_);
    NoteWait(time, handed_off_.patience, now);
    awaited_ = in_time;
  }
  for (size_t i = 0; i < count; i++) {
    const auto opcode = static_cast<size_t>(handed_off_.opcodes[i]);
    if (beside) {
      beside_credit_[opcode] = in_time ? Won(beside_credit_[opcode]) : Lost(beside_credit_[opcode]);
    } else {
      patience_[opcode] = in_time ? InTime(patience_[opcode], time / count) : TooLate(patience_[opcode]);
    }
  }
  for (size_t i = before; i < finished.size(); i++) {
    if (finished[i].route == Route::kPool) finished[i].route = Route::kHandOff;
  }
}

}  // namespace caio
