// What an environment uses of its operating system besides threads. system_linux.cc or system_elsewhere.cc makes it, whichever is built.
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

  // Opens an engine of the kernel's, and proves that it works. 0, or a negative errno with the failed step.
  virtual int Open(EngineKind kind, const char* directory, const char** step) = 0;

  // Such an engine if it is open, else nullptr.
  virtual Engine* engine(EngineKind kind) = 0;

  // These act on all such engines that are open; LinuxEngine has functions of the same names.
  virtual void EndTurn() = 0;
  virtual bool KeepsForTurn() const = 0;
  virtual void Reap(std::vector<Completion>& finished) = 0;
  virtual int TakeRefusal() = 0;
  virtual void Finish() = 0;

  // A negative errno if no such engine is open.
  virtual int64_t ReadCached(const char* path, void* memory, size_t capacity) = 0;
  virtual int64_t Attempt(const PathAttempt& attempt) = 0;
  virtual int64_t Attempt(const OpenAttempt& attempt) = 0;
};

// The queue and the pool must outlive the system.
std::unique_ptr<System> MakeSystem(CompletionQueue& completions, ThreadPool& pool);

}  // namespace caio
