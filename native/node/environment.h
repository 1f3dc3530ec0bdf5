// What one JavaScript environment (the main thread, or a worker) owns: its completion queue, its pool, its queues in the kernel.
// There is nothing global: workers share none of it. Loop thread only.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../request/completion_queue.h"
#include "../request/decode.h"
#include "../request/engine.h"
#include "../request/path_attempt.h"
#include "../thread_pool/thread_pool.h"
#include "held_memory.h"
#include "system.h"

namespace caio {

class Environment {
 public:
  explicit Environment(Napi::Env env) : env_(env) {}
  ~Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Called once. From then on, `deliver(count)` is called when `count` completions are in `completions`, four numbers each. 0 or a
  // negative errno.
  int Start(unsigned threads, bool hand_off, Napi::Function deliver, Napi::Float64Array completions);
  bool started() const { return pool_ != nullptr; }

  // Opens the engine, and proves that it works. For the pool: a thread can be made. For the others: the kernel's queue writes to and reads
  // from a file in memory or, if there are none, in `directory`. 0, or a negative errno with the failed step.
  int Open(EngineKind kind, const char* directory, const char** step);

  // The engine if it is open, else nullptr.
  Engine* engine(EngineKind kind);

  // Hands over the batch in the scratch memory, and returns how many completions are in the array now.
  size_t Submit(Engine& engine, uint32_t channel);

  bool Cancel(Engine& engine, uint32_t channel, uint32_t id);

  // Memory that one submission after another is decoded into. Nothing in it outlives the call.
  struct Scratch {
    std::vector<Request> batch;
    std::vector<Completion> finished;
    std::vector<View> views;  // of one operation
    Memories memories;        // of them all
  };
  Scratch& scratch() { return scratch_; }

  // Bytes read, or a negative errno: EAGAIN if it would have to wait; see CachedFiles.
  int64_t ReadCached(const char* path, void* memory, size_t capacity);

  // The operation's result, or a negative errno: EAGAIN if it would have to wait; see CachedPaths.
  int64_t Attempt(const PathAttempt& attempt);
  int64_t Attempt(const OpenAttempt& attempt);

 private:
  // Waits until the engines have done what they have taken; reads that nothing has begun are dropped.
  void Finish();
  static void OnTurn(uv_prepare_t* turn);
  bool CanRunJavaScript();
  // Closes the loop's handle of the queue, and then deletes this object.
  void Unwatch();
  static void OnWake(void* data);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  void Deliver();
  void CallDeliver(size_t most);
  void TellRefusal();
  size_t WriteCompletions(size_t most);
  void AddPending(size_t count);
  void RemovePending(size_t count);
  void CloseUndelivered();

  Napi::Env env_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool is_worker_ = false;
  // Started while an engine keeps something for the turn of the loop and, in a worker, while something is pending.
  uv_prepare_t turn_{};
  // Never deleted: at the end of Node's environment, async_hooks may not be told any more.
  Napi::AsyncContext* async_context_ = nullptr;
  Napi::FunctionReference deliver_;
  Napi::ObjectReference receiver_;
  Napi::ObjectReference completions_array_;
  double* completions_memory_ = nullptr;
  size_t completions_capacity_ = 0;

  CompletionQueue queue_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<System> system_;
  std::vector<Completion> undelivered_;
  Scratch scratch_;
  HeldMemory held_;     // the memory of what is pending
  size_t pending_ = 0;  // taken over and not yet delivered: what keeps the loop alive
};

}  // namespace caio
