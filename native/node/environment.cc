#include "environment.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "../support/end_of_process.h"
#include "../support/probe_file.h"
#include "../support/processors.h"
#ifdef __linux__
#include "../linux/aio/kernel_context.h"
#include "../linux/uring/kernel_ring.h"
#endif

namespace caio {

namespace {

constexpr size_t kCompletionFields = 4;
constexpr size_t kDeliverAtOnce = 16;

// A thread stays awake where it leaves a processor to whoever has something to do.
unsigned ThreadsAwake(bool hand_off) {
  const unsigned usable = UsableProcessors();
  return hand_off && IsWithHandOff(usable) ? usable : 0;
}

}  // namespace

int Environment::Start(unsigned threads, bool hand_off, napi_value deliver, napi_value completions) {
  int error = queue_.Open();
  if (error != 0) return error;
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  is_worker_ = loop != uv_default_loop();
  error = queue_.Watch(loop, OnWake, this);
  if (error != 0) return error;
  uv_prepare_init(loop, &turn_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&turn_));
  turn_.data = this;

  napi_value receiver, name;
  void* memory;
  size_t length;
  napi_create_object(env_, &receiver);
  napi_create_string_utf8(env_, "caio", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env_, receiver, name, &async_context_);
  napi_create_reference(env_, receiver, 1, &receiver_);
  napi_create_reference(env_, deliver, 1, &deliver_);
  napi_create_reference(env_, completions, 1, &completions_array_);
  napi_get_typedarray_info(env_, completions, nullptr, &length, &memory, nullptr, nullptr);
  completions_memory_ = static_cast<double*>(memory);
  completions_capacity_ = length / kCompletionFields;
  pool_ = std::make_unique<ThreadPool>(queue_, threads, static_cast<int>(ThreadsAwake(hand_off)));
  // From here on the hook owns this object.
  napi_add_async_cleanup_hook(env_, OnCleanup, this, &cleanup_);
  FinishAtExit([](void* self) { static_cast<Environment*>(self)->Finish(); }, this);
  return 0;
}

int Environment::Open(Kind kind, [[maybe_unused]] const char* directory, const char** step) {
  if (kind == Kind::kThread) {
    *step = "pthread_create";
    return pool_->HasThread() ? 0 : -EAGAIN;
  }
#ifdef __linux__
  std::unique_ptr<LinuxEngine>& opened = linux_engine(kind);
  if (opened) return 0;
  std::unique_ptr<KernelQueue> kernel;
  if (kind == Kind::kUring) {
    kernel = std::make_unique<KernelRing>();
  } else {
    kernel = std::make_unique<KernelContext>();
  }
  auto engine = std::make_unique<LinuxEngine>(std::move(kernel), queue_, *pool_, known_);
  const int error = engine->Open(directory, step);
  if (error == 0) opened = std::move(engine);
  return error;
#else
  *step = kind == Kind::kUring ? "io_uring_setup" : "io_setup";
  return -ENOSYS;
#endif
}

Engine* Environment::engine(Kind kind) {
#ifdef __linux__
  if (kind == Kind::kLinux || kind == Kind::kUring) return linux_engine(kind).get();
#endif
  return kind == Kind::kThread ? pool_.get() : nullptr;
}

size_t Environment::Submit(Engine& engine, uint32_t channel) {
  auto& [batch, finished, views, memories] = scratch_;
  const size_t count = batch.size() + finished.size();
  AddPending(count);
  if (!batch.empty()) engine.Submit(batch.data(), batch.size(), finished);
  TellRefusal();
  if (KeepsForTurn()) uv_prepare_start(&turn_, OnTurn);
  // Nothing is given away before this returns. What has finished is released as it is delivered.
  const bool all = finished.size() == count;
  if (!all) held_.Hold(channel, memories);
  undelivered_.insert(undelivered_.end(), finished.begin(), finished.end());
  if (!all) pool_->AwaitHandedOff(undelivered_);
  const size_t written = WriteCompletions(completions_capacity_);
  if (!undelivered_.empty()) queue_.Push(nullptr, 0);
  return written;
}

bool Environment::Cancel(Engine& engine, uint32_t channel, uint32_t id) {
  if (!engine.Cancel(channel, id)) return false;
  held_.Release(channel, id);
  RemovePending(1);
  return true;
}

// When a worker ends, Node closes its file handles before any cleanup hook is called, and their numbers are used again: by then nothing
// may be under way on them. Before that it runs the loop once more, with JavaScript forbidden, to close what is its own. The main
// thread's end is FinishAtExit's.
void Environment::OnTurn(uv_prepare_t* turn) {
  auto* self = static_cast<Environment*>(turn->data);
#ifdef __linux__
  if (self->linux_) self->linux_->EndTurn();
  if (self->uring_) self->uring_->EndTurn();
#endif
  if (self->pending_ == 0 || !self->is_worker_) uv_prepare_stop(turn);
  if (self->is_worker_ && self->pending_ > 0 && !self->CanRunJavaScript()) self->Finish();
}

bool Environment::KeepsForTurn() const {
#ifdef __linux__
  return (linux_ && linux_->KeepsForTurn()) || (uring_ && uring_->KeepsForTurn());
#else
  return false;
#endif
}

bool Environment::CanRunJavaScript() {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value receiver, same;
  // Any call that might run some.
  const bool can = napi_get_reference_value(env_, receiver_, &receiver) == napi_ok &&
                   napi_coerce_to_object(env_, receiver, &same) == napi_ok;
  napi_close_handle_scope(env_, scope);
  return can;
}

// Moves completions into the array, as many as it holds.
size_t Environment::WriteCompletions(size_t most) {
  const size_t count = std::min({undelivered_.size(), completions_capacity_, most});
  double* out = completions_memory_;
  for (size_t i = 0; i < count; i++) {
    const Completion& completion = undelivered_[i];
    held_.Release(completion.channel, completion.id);
    *out++ = completion.channel;
    *out++ = completion.id;
    *out++ = static_cast<double>(completion.result);
    *out++ = static_cast<double>(completion.route);
  }
  undelivered_.erase(undelivered_.begin(), undelivered_.begin() + static_cast<ptrdiff_t>(count));
  RemovePending(count);
  return count;
}

void Environment::AddPending(size_t count) {
  if (pending_ == 0 && count > 0) {
    queue_.Ref();
    if (is_worker_) uv_prepare_start(&turn_, OnTurn);
  }
  pending_ += count;
}

void Environment::RemovePending(size_t count) {
  pending_ -= count;
  if (pending_ == 0 && count > 0) {
    queue_.Unref();
    if (!KeepsForTurn()) uv_prepare_stop(&turn_);
  }
}

void Environment::OnWake(void* data) { static_cast<Environment*>(data)->Deliver(); }

void Environment::Deliver() {
  queue_.Drain(undelivered_);
#ifdef __linux__
  if (linux_) linux_->Reap(undelivered_);
  if (uring_) uring_->Reap(undelivered_);
#endif
  while (!undelivered_.empty()) {
    // The device waits for what their callers ask next: the first of them ask while the others are being told.
    if (!CallDeliver(undelivered_.front().route == Route::kKernel ? kDeliverAtOnce : completions_capacity_)) return;
  }
}

bool Environment::CallDeliver(size_t most) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  const size_t count = WriteCompletions(most);
  napi_value deliver, receiver, argument;
  napi_get_reference_value(env_, deliver_, &deliver);
  napi_get_reference_value(env_, receiver_, &receiver);
  napi_create_uint32(env_, static_cast<uint32_t>(count), &argument);
  const napi_status status = napi_make_callback(env_, async_context_, receiver, deliver, 1, &argument, nullptr);
  if (status == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env_, &error);
    napi_fatal_exception(env_, error);
  }
  napi_close_handle_scope(env_, scope);
  return true;
}

// Called from JavaScript, which is to say so.
void Environment::TellRefusal() {
#ifdef __linux__
  const int refusal = linux_ ? linux_->TakeRefusal() : 0;
  if (refusal == 0) return;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value deliver, receiver, argument;
  napi_get_reference_value(env_, deliver_, &deliver);
  napi_get_reference_value(env_, receiver_, &receiver);
  napi_create_double(env_, refusal, &argument);
  napi_call_function(env_, receiver, deliver, 1, &argument, nullptr);
  napi_close_handle_scope(env_, scope);
#endif
}

int64_t Environment::ReadCached([[maybe_unused]] const char* path, [[maybe_unused]] void* memory,
                                [[maybe_unused]] size_t capacity) {
#ifdef __linux__
  if (LinuxEngine* engine = kernel_engine()) return engine->ReadCached(path, memory, capacity);
#endif
  return -ENOSYS;
}

int64_t Environment::Attempt([[maybe_unused]] const PathAttempt& attempt) {
#ifdef __linux__
  if (LinuxEngine* engine = kernel_engine()) return engine->Attempt(attempt);
#endif
  return -EAGAIN;
}

int64_t Environment::Attempt([[maybe_unused]] const OpenAttempt& attempt) {
#ifdef __linux__
  if (LinuxEngine* engine = kernel_engine()) return engine->Attempt(attempt);
#endif
  return -EAGAIN;
}

// Files that have been opened for somebody who is gone.
void Environment::CloseUndelivered() {
  queue_.Drain(undelivered_);
  for (const Completion& completion : undelivered_) {
    if (completion.opens && completion.result >= 0) close(static_cast<int>(completion.result));
  }
  undelivered_.clear();
}

void Environment::Finish() {
#ifdef __linux__
  if (linux_) linux_->Finish();
  if (uring_) uring_->Finish();
#endif
  pool_->Finish();
}

// The environment goes away; no JavaScript runs any more. Engines first, so that nobody writes to memory that goes with it.
void Environment::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<Environment*>(data);
  ForgetAtExit(self);
#ifdef __linux__
  self->linux_.reset();
  self->uring_.reset();
#endif
  self->pool_->Close();
  self->CloseUndelivered();
  uv_close(reinterpret_cast<uv_handle_t*>(&self->turn_),
           [](uv_handle_t* turn) { static_cast<Environment*>(turn->data)->Unwatch(); });
}

void Environment::Unwatch() {
  queue_.Unwatch([](void* closed) {
    auto* self = static_cast<Environment*>(closed);
    const napi_async_cleanup_hook_handle handle = self->cleanup_;
    delete self;
    napi_remove_async_cleanup_hook(handle);
  });
}

}  // namespace caio
