// Systems on which only the thread pool serves.
#include <errno.h>

#include "../linux/directory_probe.h"
#include "../operations/direct_alignment.h"
#include "../support/memory.h"
#include "held_memory.h"
#include "system.h"

namespace caio {

namespace {

class NoSystem final : public System {
 public:
  int Open(EngineKind kind, const char*, const char** step) override {
    *step = kind == EngineKind::kUring ? "io_uring_setup" : "io_setup";
    return -ENOSYS;
  }
  Engine* engine(EngineKind) override { return nullptr; }
  void EndTurn() override {}
  bool KeepsForTurn() const override { return false; }
  void Reap(std::vector<Completion>&) override {}
  int TakeRefusal() override { return 0; }
  void Finish() override {}
  int64_t ReadCached(const char*, void*, size_t) override { return -ENOSYS; }
  int64_t Attempt(const PathAttempt&) override { return -EAGAIN; }
  int64_t Attempt(const OpenAttempt&) override { return -EAGAIN; }
};

}  // namespace

std::unique_ptr<System> MakeSystem(CompletionQueue&, ThreadPool&) { return std::make_unique<NoSystem>(); }

bool CanHold() { return false; }
std::shared_ptr<v8::BackingStore> BackingStoreOf(const Memory&) { return nullptr; }

bool HasMemory() { return true; }

std::vector<Answer> ProbeDirectory(const char*) { return {}; }

DirectAlignment StatedAlignment(int) { return {}; }

}  // namespace caio
