// What belongs to one JavaScript environment (the main thread, or a worker): completion queue,
// pool, queues in the kernel. Workers share none of it. Loop thread only.
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
#include "turns.h"

namespace caio {

class Environment {
 public:
  explicit Environment(Napi::Env env) : env_(env) {}
  ~Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Call once. From then on, `deliver(count)` is called when `count` completions are in
  // `completions`, four doubles each. `polls` is increased before each poll, and `turn()` called if
  // RequestTurn has been. 0 or a negative errno.
  int Start(unsigned threads, bool hand_off, Napi::Function deliver, Napi::Float64Array completions,
            Napi::Uint32Array polls, Napi::Function turn);
  bool started() const { return pool_ != nullptr; }

  // Opens the engine, and proves that it works. The pool: a thread can be created. The others: the
  // kernel's queue writes to and reads from a file in memory or, if there is none, in `directory`.
  // 0, or a negative errno and the step that failed.
  int Open(EngineKind kind, const char* directory, const char** step);

  // The engine if it is open, else nullptr.
  Engine* engine(EngineKind kind);

  // Submits the batch in the scratch memory, and returns the number of completions written to the
  // array.
  size_t Submit(Engine& engine, uint32_t channel);

  bool Cancel(Engine& engine, uint32_t channel, uint32_t id);

  // See Turns::Request.
  void RequestTurn() { turns_.Request(); }

  // Memory reused by each submission. Nothing in it outlives the call.
  struct Scratch {
    std::vector<Request> batch;
    std::vector<Completion> finished;
    std::vector<View> views;  // of one operation
    Memories memories;        // of all operations
  };
  Scratch& scratch() { return scratch_; }

  // Bytes read, or a negative errno, -EAGAIN if it would wait; see CachedFiles.
  int64_t ReadCached(const char* path, void* memory, size_t capacity);

  // The operation's result, or a negative errno, -EAGAIN if it would wait; see CachedPaths.
  int64_t Attempt(const PathAttempt& attempt);
  int64_t Attempt(const OpenAttempt& attempt);

 private:
  // Waits until the engines have finished what they accepted. Drops reads that have not begun.
  void Finish();
  void BeforePoll();
  void CallTurn();
  bool CanRunJavaScript();
  // Closes the queue's handle of the loop, then deletes this object.
  void Unwatch();
  static void OnWake(void* data);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  void Deliver();
  void CallDeliver(size_t most);
  void Call(napi_value function, size_t count, const napi_value* arguments);
  void TellRefusal();
  size_t WriteCompletions(size_t most);
  void AddPending(size_t count);
  void RemovePending(size_t count);
  void CloseUndelivered();

  Napi::Env env_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool is_worker_ = false;
  Turns turns_;
  // Never deleted: when Node's environment ends, async_hooks may no longer be called.
  Napi::AsyncContext* async_context_ = nullptr;
  Napi::FunctionReference deliver_;
  Napi::ObjectReference receiver_;
  Napi::ObjectReference completions_array_;
  Napi::ObjectReference polls_array_;
  Napi::FunctionReference turn_;
  double* completions_memory_ = nullptr;
  size_t completions_capacity_ = 0;

  CompletionQueue queue_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<System> system_;
  std::vector<Completion> undelivered_;
  Scratch scratch_;
  HeldMemory held_;     // memory of pending operations
  size_t pending_ = 0;  // accepted and not yet delivered; keeps the loop alive while not 0
};

}  // namespace caio
