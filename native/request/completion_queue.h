// Queue of completions for the event loop. The environment's loop watches an eventfd (elsewhere a
// pipe), so that any number of completions cost one wake-up.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "request.h"
#include "../support/mutex.h"

namespace caio {

class CompletionQueue {
 public:
  CompletionQueue() = default;
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  // Creates the descriptor. 0 or a negative errno.
  int Open();

  // Becomes readable on a signal; kernel AIO signals it, too (IOCB_FLAG_RESFD).
  int fd() const { return read_fd_; }

  // Any thread. Signals only if the queue was empty: later completions share that wake-up.
  void Push(const Completion* items, size_t count);

  // Loop thread. Clears the signal, then takes all completions.
  void Drain(std::vector<Completion>& out);

  // Whether there are completions that nobody has taken.
  bool HasAny() const { return size_.load(std::memory_order_acquire) > 0; }

  // Loop thread, before it gives away what it will look out for: completions that arrive meanwhile
  // are not signalled.
  void ExpectLookOut();

  // Loop thread, after ExpectLookOut. Polls until there are `count` completions or the time `until`,
  // takes them, and returns their number. From then on completions are signalled again.
  size_t LookOut(size_t count, uint64_t until, std::vector<Completion>& out);

  // As LookOut, but gives its processor to other threads instead of waiting, `times` at most.
  size_t LookOutYielding(size_t count, int times, std::vector<Completion>& out);

  // Any thread without a loop. Waits for a signal; false after `timeout_ms`.
  bool Wait(int timeout_ms);

  // Loop thread. Calls `on_wake(data)` from the loop on each signal. Starts unreferenced: Ref keeps
  // the loop alive.
  using Callback = void (*)(void* data);
  int Watch(uv_loop_t* loop, Callback on_wake, void* data);
  void Ref();
  void Unref();

  // Loop thread. Stops watching; the loop calls `on_closed(data)` when the handle is closed. Needs
  // an earlier Watch.
  void Unwatch(Callback on_closed);

 private:
  void Signal();
  size_t EndLookOut(std::vector<Completion>& out);
  size_t Take(std::vector<Completion>& out);

  int read_fd_ = -1;
  int write_fd_ = -1;
  Mutex mutex_;
  std::vector<Completion> items_;  // under mutex_
  bool looks_out_ = false;         // under mutex_
  std::atomic<size_t> size_{0};    // of items_; written under mutex_
  uv_poll_t poll_{};
  Callback on_wake_ = nullptr;
  Callback on_closed_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace caio
