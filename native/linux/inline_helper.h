// A second thread for large batches of requests that cannot block, and for a few large requests.
// The loop thread and the helper serve the same batch, so that the loop is done in little more than
// half the time. The loop never waits for the helper to be woken or scheduled: it serves what the
// helper has not begun. A request that the helper finishes late is completed by the helper.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "../request/request.h"
#include "../support/mutex.h"

namespace caio {

class InlineHelper {
 public:
  // Answers a request without blocking: bytes moved or a negative errno. Called by both threads.
  using Serve = int64_t (*)(void* owner, Request& request);
  // Takes a request that the loop did not wait for, with its result. Helper thread.
  using TakeLate = void (*)(void* owner, Request&& request, int64_t result);

  InlineHelper(Serve serve, TakeLate take_late, void* owner);
  ~InlineHelper();

  // The functions below are for the loop thread only.

  // Smallest batch to share, by its requests or by its bytes: the loop has served a smaller one
  // before the helper is awake.
  static constexpr size_t kFewest = 16;
  static constexpr size_t kFewestBytes = 128 * 1024;
  static constexpr size_t kMost = 512;

  // Whether to share a batch of `count` requests for `bytes`: it is large enough, a processor is
  // usable for the helper, and the helper is free.
  bool ReadyFor(size_t count, size_t bytes);

  // Serves at most kMost requests. Calls `answered(request, result)` for each, except those left to
  // TakeLate.
  template <typename Answered>
  void ServeAll(Request* batch, size_t count, Answered answered) {
    Publish(batch, count);
    while (ServeSome()) {
    }
    AwaitHelper();
    for (size_t i = 0; i < count; i++) {
      Part& part = parts_[i];
      if (part.state.load(std::memory_order_relaxed) == State::kDone) answered(part.request, part.result);
    }
  }

  // Ends the helper thread, for good.
  void Close();

 private:
  enum class State : uint8_t { kOpen, kDone, kLeft };
  struct Part {
    Request request;
    int64_t result = 0;
    std::atomic<State> state{State::kOpen};
  };

  // The untaken rest of a batch: its number, its size, the next part. One word, so that taking a
  // part of an earlier batch fails.
  struct Rest {
    uint32_t number;
    uint16_t count;
    uint16_t next;
  };

  static void* ThreadMain(void* helper);
  bool Start();
  void Publish(Request* batch, size_t count);
  bool ServeSome();
  void AwaitHelper();
  bool HasWork() const;
  bool Linger() const;

  const Serve serve_;
  const TakeLate take_late_;
  void* const owner_;
  std::unique_ptr<Part[]> parts_;
  size_t count_ = 0;
  static_assert(std::atomic<Rest>::is_always_lock_free);
  alignas(64) std::atomic<Rest> rest_{Rest{0, 0, 0}};
  // Parts that the loop did not wait for and the helper has not finished. There is no new batch
  // until this is 0.
  alignas(64) std::atomic<uint32_t> left_{0};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> closing_{false};
  bool started_ = false;
  bool refused_ = false;
  pthread_t thread_{};
  Mutex mutex_;
  Condition wake_;
};

}  // namespace caio
