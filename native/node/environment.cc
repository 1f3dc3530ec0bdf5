#include "environment.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "../support/end_of_process.h"
#include "../support/probe_file.h"
#include "../support/processors.h"

namespace caio {

namespace {

constexpr size_t kDeliverAtOnce = 16;

}  // namespace

int Environment::Start(unsigned threads, bool hand_off, Napi::Function deliver, Napi::Float64Array completions,
                       Napi::Uint32Array polls, Napi::Function turn) {
  int error = queue_.Open();
  if (error != 0) return error;
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  is_worker_ = loop != uv_default_loop();
  error = queue_.Watch(loop, OnWake, this);
  if (error != 0) return error;

  const auto receiver = Napi::Object::New(env_);
  async_context_ = new Napi::AsyncContext(env_, "caio", receiver);
  receiver_ = Napi::Persistent(receiver);
  deliver_ = Napi::Persistent(deliver);
  completions_array_ = Napi::Persistent(completions.As<Napi::Object>());
  completions_memory_ = completions.Data();
  completions_capacity_ = completions.ElementLength() / kCompletionFields;
  polls_array_ = Napi::Persistent(polls.As<Napi::Object>());
  turn_ = Napi::Persistent(turn);
  turns_.Start(
      loop, polls.Data(), [](void* self) { static_cast<Environment*>(self)->BeforePoll(); },
      [](void* self) { static_cast<Environment*>(self)->CallTurn(); }, this);
  pool_ = std::make_unique<ThreadPool>(queue_, threads, hand_off ? static_cast<int>(UsableProcessors()) : 0);
  system_ = MakeSystem(queue_, *pool_);
  // From here on the hook owns this object.
  napi_add_async_cleanup_hook(env_, OnCleanup, this, &cleanup_);
  FinishAtExit([](void* self) { static_cast<Environment*>(self)->Finish(); }, this);
  return 0;
}

int Environment::Open(EngineKind kind, const char* directory, const char** step) {
  if (kind != EngineKind::kThread) return system_->Open(kind, directory, step);
  *step = "pthread_create";
  return pool_->HasThread() ? 0 : -EAGAIN;
}

Engine* Environment::engine(EngineKind kind) {
  return kind == EngineKind::kThread ? pool_.get() : system_->engine(kind);
}

size_t Environment::Submit(Engine& engine, uint32_t channel) {
  auto& [batch, finished, views, memories] = scratch_;
  const size_t count = batch.size() + finished.size();
  AddPending(count);
  pool_->ExpectHandOff();
  if (!batch.empty()) engine.Submit(batch.data(), batch.size(), finished);
  TellRefusal();
  // No JavaScript runs before this returns, so no memory can be transferred before it is held.
  // WriteCompletions releases the memory of finished operations.
  const bool all = finished.size() == count;
  if (!all) held_.Hold(channel, memories);
  undelivered_.insert(undelivered_.end(), finished.begin(), finished.end());
  pool_->AwaitHandedOff(undelivered_);
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

// When a worker ends, Node closes the worker's file handles before any cleanup hook runs, and their
// numbers are reused. By then nothing may be in flight on them. Before Node closes them, it runs
// the loop once more, with JavaScript forbidden, to close its own handles: this calls Finish then.
// At the end of the main thread, FinishAtExit calls it.
void Environment::BeforePoll() {
  if (system_->KeepsForTurn()) system_->EndTurn();
  if (is_worker_ && pending_ > 0 && !CanRunJavaScript()) Finish();
}

bool Environment::CanRunJavaScript() {
  const Napi::HandleScope scope(env_);
  napi_value same;
  // Any call that might run JavaScript would do: it fails where JavaScript is forbidden.
  return napi_coerce_to_object(env_, receiver_.Value(), &same) == napi_ok;
}

// Moves completions into the array, at most `most` and as many as it holds.
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
  if (pending_ == 0 && count > 0) queue_.Ref();
  pending_ += count;
}

void Environment::RemovePending(size_t count) {
  pending_ -= count;
  if (pending_ == 0 && count > 0) queue_.Unref();
}

void Environment::OnWake(void* data) { static_cast<Environment*>(data)->Deliver(); }

void Environment::Deliver() {
  queue_.Drain(undelivered_);
  system_->Reap(undelivered_);
  while (!undelivered_.empty()) {
    // After completions from the kernel's queue, the device waits for new requests. So callers are
    // called a few at a time: the first submit their next requests while the others still wait to
    // be called.
    CallDeliver(undelivered_.front().route == Route::kKernel ? kDeliverAtOnce : completions_capacity_);
  }
}

void Environment::CallDeliver(size_t most) {
  const Napi::HandleScope scope(env_);
  napi_value argument;
  napi_create_uint32(env_, static_cast<uint32_t>(WriteCompletions(most)), &argument);
  Call(deliver_.Value(), 1, &argument);
}

void Environment::CallTurn() {
  const Napi::HandleScope scope(env_);
  Call(turn_.Value(), 0, nullptr);
}

// Uses Node-API directly: node-addon-api ends the process if an exception cannot be thrown, as in a
// worker that is being terminated.
void Environment::Call(napi_value function, size_t count, const napi_value* arguments) {
  const napi_status status =
      napi_make_callback(env_, *async_context_, receiver_.Value(), function, count, arguments, nullptr);
  if (status != napi_pending_exception) return;
  napi_value error;
  napi_get_and_clear_last_exception(env_, &error);
  napi_fatal_exception(env_, error);
}

// Tells JavaScript why the kernel refused its queue, so that JavaScript warns. JavaScript has
// called this code, so an exception is left pending for it; that is why this, too, uses Node-API
// directly.
void Environment::TellRefusal() {
  const int refusal = system_->TakeRefusal();
  if (refusal == 0) return;
  const Napi::HandleScope scope(env_);
  napi_value argument;
  napi_create_double(env_, refusal, &argument);
  napi_call_function(env_, receiver_.Value(), deliver_.Value(), 1, &argument, nullptr);
}

int64_t Environment::ReadCached(const char* path, void* memory, size_t capacity) {
  return system_->ReadCached(path, memory, capacity);
}

int64_t Environment::Attempt(const PathAttempt& attempt) { return system_->Attempt(attempt); }

int64_t Environment::Attempt(const OpenAttempt& attempt) { return system_->Attempt(attempt); }

// Closes files opened for callers that no longer exist.
void Environment::CloseUndelivered() {
  queue_.Drain(undelivered_);
  for (const Completion& completion : undelivered_) {
    if (completion.opens && completion.result >= 0) close(static_cast<int>(completion.result));
  }
  undelivered_.clear();
}

void Environment::Finish() {
  system_->Finish();
  pool_->Finish();
}

// The environment ends and no JavaScript runs any more. The engines end first, so that nothing
// writes to memory that is then freed.
void Environment::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<Environment*>(data);
  ForgetAtExit(self);
  self->system_.reset();
  self->pool_->Close();
  self->CloseUndelivered();
  self->turns_.Close([](void* closed) { static_cast<Environment*>(closed)->Unwatch(); });
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
