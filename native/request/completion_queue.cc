#include "completion_queue.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "../support/mutex.h"
#include "../support/nanoseconds.h"
#include "../support/pause.h"
#include "../support/platform.h"

namespace caio {

CompletionQueue::~CompletionQueue() {
  if (read_fd_ >= 0) close(read_fd_);
  if (write_fd_ >= 0 && write_fd_ != read_fd_) close(write_fd_);
}

int CompletionQueue::Open() { return OpenSignal(&read_fd_, &write_fd_); }

void CompletionQueue::Signal() {
  const uint64_t one = 1;
  // A pipe takes any byte.
  const size_t size = read_fd_ == write_fd_ ? sizeof one : 1;
  // EAGAIN: a signal is already pending, which is enough.
  while (write(write_fd_, &one, size) < 0 && errno == EINTR) {
  }
}

void CompletionQueue::Push(const Completion* items, size_t count) {
  bool wanted;
  {
    MutexLock lock(mutex_);
    wanted = items_.empty() && !looks_out_;
    items_.insert(items_.end(), items, items + count);
    size_.store(items_.size(), std::memory_order_release);
  }
  if (wanted) Signal();
}

void CompletionQueue::ExpectLookOut() {
  MutexLock lock(mutex_);
  looks_out_ = true;
}

size_t CompletionQueue::LookOut(size_t count, uint64_t until, std::vector<Completion>& out) {
  while (size_.load(std::memory_order_acquire) < count && Nanoseconds() < until) Pause();
  return EndLookOut(out);
}

size_t CompletionQueue::LookOutYielding(size_t count, int times, std::vector<Completion>& out) {
  // Whoever takes the processor for that long would take it again.
  constexpr uint64_t kLong = 500 * 1000;
  const uint64_t until = Nanoseconds() + kLong;
  for (int i = 0; i < times && size_.load(std::memory_order_acquire) < count; i++) {
    if (i > 0 && Nanoseconds() > until) break;
    sched_yield();
  }
  return EndLookOut(out);
}

size_t CompletionQueue::EndLookOut(std::vector<Completion>& out) {
  mutex_.LockAwake();
  looks_out_ = false;
  const size_t taken = Take(out);
  mutex_.Unlock();
  return taken;
}

// With mutex_ held.
size_t CompletionQueue::Take(std::vector<Completion>& out) {
  const size_t count = items_.size();
  if (out.empty()) {
    out.swap(items_);
  } else {
    out.insert(out.end(), items_.begin(), items_.end());
    items_.clear();
  }
  size_.store(0, std::memory_order_relaxed);
  return count;
}

void CompletionQueue::Drain(std::vector<Completion>& out) {
  // Clears the signal first: a push after the swap signals again.
  uint64_t buffer[8];
  while (read(read_fd_, buffer, sizeof buffer) < 0 && errno == EINTR) {
  }
  MutexLock lock(mutex_);
  Take(out);
}

bool CompletionQueue::Wait(int timeout_ms) {
  pollfd waiting{read_fd_, POLLIN, 0};
  int ready;
  while ((ready = poll(&waiting, 1, timeout_ms)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

int CompletionQueue::Watch(uv_loop_t* loop, Callback on_wake, void* data) {
  int error = uv_poll_init(loop, &poll_, read_fd_);
  if (error != 0) return error;
  poll_.data = this;
  on_wake_ = on_wake;
  data_ = data;
  uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto* self = static_cast<CompletionQueue*>(handle->data);
    self->on_wake_(self->data_);
  });
  Unref();
  return 0;
}

void CompletionQueue::Ref() { uv_ref(reinterpret_cast<uv_handle_t*>(&poll_)); }

void CompletionQueue::Unref() { uv_unref(reinterpret_cast<uv_handle_t*>(&poll_)); }

void CompletionQueue::Unwatch(Callback on_closed) {
  on_closed_ = on_closed;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* self = static_cast<CompletionQueue*>(handle->data);
    self->on_closed_(self->data_);
  });
}

}  // namespace caio
