#include "inline_helper.h"

#include <algorithm>
#include <new>

#include "../support/mutex.h"
#include "../support/nanoseconds.h"
#include "../support/pause.h"
#include "../support/processors.h"
#include "../support/platform.h"
#include "../support/start_thread.h"
#include "../support/step.h"

namespace caio {

namespace {

constexpr unsigned kTakenAtOnce = 2;
// Nanoseconds that the loop waits for the helper's last parts: the helper may have lost its
// processor.
constexpr uint64_t kAwait = 20 * 1000;
// Nanoseconds that the helper polls for the next batch before it sleeps: waking it costs the loop
// more than all the rest.
constexpr uint64_t kLinger = 50 * 1000;

}  // namespace

InlineHelper::InlineHelper(Serve serve, TakeLate take_late, void* owner)
    : serve_(serve), take_late_(take_late), owner_(owner) {}

InlineHelper::~InlineHelper() { Close(); }

bool InlineHelper::ReadyFor(size_t count, size_t bytes) {
  if (count < 2 || (count < kFewest && bytes < kFewestBytes)) return false;
  if (left_.load(std::memory_order_acquire) > 0) return false;
  return started_ || Start();
}

// Starts the helper thread. Tried once: a failure is final.
bool InlineHelper::Start() {
  if (refused_) return false;
  refused_ = true;
  if (UsableProcessors() < 2) return false;
  parts_.reset(new (std::nothrow) Part[kMost]);
  started_ = parts_ && StartThread(&thread_, ThreadMain, this);
  return started_;
}

void InlineHelper::Publish(Request* batch, size_t count) {
  count_ = count;
  for (size_t i = 0; i < count; i++) {
    parts_[i].request = std::move(batch[i]);
    parts_[i].state.store(State::kOpen, std::memory_order_relaxed);
  }
  const uint32_t number = rest_.load(std::memory_order_relaxed).number + 1;
  rest_.store({number, static_cast<uint16_t>(count_), 0});
  if (!asleep_.load()) return;
  MutexLock lock(mutex_);
  wake_.Signal();
}

// Serves the next part, or a few of many. Either thread. False if none is left to take.
bool InlineHelper::ServeSome() {
  Rest rest = rest_.load(std::memory_order_acquire);
  Rest taken;
  do {
    if (rest.next >= rest.count) return false;
    taken = rest;
    const unsigned most = rest.count < kFewest ? 1 : kTakenAtOnce;
    taken.next = static_cast<uint16_t>(std::min<unsigned>(rest.count, rest.next + most));
  } while (!rest_.compare_exchange_weak(rest, taken, std::memory_order_acq_rel, std::memory_order_acquire));
  for (unsigned i = rest.next; i < taken.next; i++) {
    Part& part = parts_[i];
    CAIO_STEP("a part is taken");
    part.result = serve_(owner_, part.request);
    CAIO_STEP("a part is served");
    State open = State::kOpen;
    if (part.state.compare_exchange_strong(open, State::kDone, std::memory_order_acq_rel)) continue;
    take_late_(owner_, std::move(part.request), part.result);
    left_.fetch_sub(1, std::memory_order_release);
  }
  return true;
}

void InlineHelper::AwaitHelper() {
  uint64_t until = 0;
  for (size_t i = 0; i < count_; i++) {
    std::atomic<State>& state = parts_[i].state;
    while (state.load(std::memory_order_acquire) == State::kOpen) {
      const uint64_t now = Nanoseconds();
      if (until == 0) until = now + kAwait;
      if (now < until) {
        Pause();
        continue;
      }
      left_.fetch_add(1, std::memory_order_relaxed);
      State open = State::kOpen;
      if (!state.compare_exchange_strong(open, State::kLeft, std::memory_order_acq_rel)) {
        left_.fetch_sub(1, std::memory_order_relaxed);
      }
      break;
    }
  }
}

bool InlineHelper::HasWork() const {
  const Rest rest = rest_.load();
  return rest.next < rest.count;
}

bool InlineHelper::Linger() const {
  const uint64_t until = Nanoseconds() + kLinger;
  do {
    if (HasWork()) return true;
    Pause();
  } while (Nanoseconds() < until);
  return false;
}

void* InlineHelper::ThreadMain(void* helper) {
  NameThread("caio-inline");
  auto* self = static_cast<InlineHelper*>(helper);
  for (;;) {
    while (self->ServeSome()) {
    }
    if (self->Linger()) continue;
    MutexLock lock(self->mutex_);
    self->asleep_.store(true);
    while (!self->HasWork() && !self->closing_.load()) self->wake_.Wait(self->mutex_);
    self->asleep_.store(false);
    if (self->closing_.load()) return nullptr;
  }
}

void InlineHelper::Close() {
  if (!started_) return;
  {
    MutexLock lock(mutex_);
    closing_.store(true);
    wake_.Signal();
  }
  pthread_join(thread_, nullptr);
  started_ = false;
  refused_ = true;
}

}  // namespace caio
