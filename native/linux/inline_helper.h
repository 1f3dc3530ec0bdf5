// A second thread for large batches of what cannot block: the loop thread serves a batch, and the helper serves from the same batch,
// so that the loop is done in little more than half the time. The loop never waits for the helper to be woken or scheduled: it serves
// itself what the helper has not begun, and the helper completes what it does not end at once without the loop.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "../request/request.h"

namespace caio {

class InlineHelper {
 public:
  // Answers a request without blocking: bytes moved or a negative errno. Called by both threads.
  using Serve = int64_t (*)(void* owner, Request& request);
  // Takes a request that the loop did not wait for, with its answer. Helper's thread.
  using TakeLate = void (*)(void* owner, Request&& request, int64_t result);

  InlineHelper(Serve serve, TakeLate take_late, void* owner);
  ~InlineHelper();

  // The others are for the loop thread alone.

  // The loop has served a smaller batch before the helper is awake.
  static constexpr size_t kFewest = 16;
  static constexpr size_t kMost = 512;

  // Whether to share so many requests: they are enough for that, there is a processor for the helper, and it is free.
  bool ReadyFor(size_t count);

  // Serves at most kMost requests that are to be shared. Calls `answered(request, result)` for each but those left to TakeLate.
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

  // Afterwards the helper does nothing any more.
  void Close();

 private:
  enum class State : uint8_t { kOpen, kDone, kLeft };
  struct Part {
    Request request;
    int64_t result = 0;
    std::atomic<State> state{State::kOpen};
  };

  // What is left of a batch, as one word, so that taking a part of an earlier batch fails: its number, its size, the next part.
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
  // Parts that the loop did not wait for and the helper has not ended: until then there is no other batch.
  alignas(64) std::atomic<uint32_t> left_{0};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> closing_{false};
  bool started_ = false;
  bool refused_ = false;
  pthread_t thread_{};
  pthread_mutex_t mutex_;
  pthread_cond_t wake_;
};

}  // namespace caio
