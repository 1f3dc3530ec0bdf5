// What an environment needs from its operating system besides threads. Made by system_linux.cc or
// system_elsewhere.cc, whichever is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../request/completion_queue.h"
#include "../request/engine.h"
#include "../request/path_attempt.h"
#include "../request/protocol.h"
#include "../thread_pool/thread_pool.h"

namespace caio {

// Loop thread only.
class System {
 public:
  virtual ~System() = default;

  // Opens a kernel engine, and proves that it works. 0, or a negative errno and the step that
  // failed.
  virtual int Open(EngineKind kind, const char* directory, const char** step) = 0;

  // A kernel engine if it is open, else nullptr.
  virtual Engine* engine(EngineKind kind) = 0;

  // Act on all open kernel engines, by LinuxEngine's functions of the same names.
  virtual void EndTurn() = 0;
  virtual bool KeepsForTurn() const = 0;
  virtual void Reap(std::vector<Completion>& finished) = 0;
  virtual int TakeRefusal() = 0;
  virtual void Finish() = 0;

  // A negative errno if no kernel engine is open.
  virtual int64_t ReadCached(const char* path, void* memory, size_t capacity) = 0;
  virtual int64_t Attempt(const PathAttempt& attempt) = 0;
  virtual int64_t Attempt(const OpenAttempt& attempt) = 0;
};

// The queue and the pool must outlive the system.
std::unique_ptr<System> MakeSystem(CompletionQueue& completions, ThreadPool& pool);

}  // namespace caio
