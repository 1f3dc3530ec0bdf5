// Linux: kernel AIO, and io_uring.
#include <errno.h>

#include <utility>

#include "../linux/aio/kernel_context.h"
#include "../linux/engine.h"
#include "../linux/known_file_systems.h"
#include "../linux/uring/kernel_ring.h"
#include "system.h"

namespace caio {

namespace {

class LinuxSystem final : public System {
 public:
  LinuxSystem(CompletionQueue& completions, ThreadPool& pool) : completions_(completions), pool_(pool) {}

  int Open(EngineKind kind, const char* directory, const char** step) override {
    std::unique_ptr<LinuxEngine>& opened = EngineOf(kind);
    if (opened) return 0;
    std::unique_ptr<KernelQueue> kernel;
    if (kind == EngineKind::kUring) {
      kernel = std::make_unique<KernelRing>();
    } else {
      kernel = std::make_unique<KernelContext>();
    }
    auto engine = std::make_unique<LinuxEngine>(std::move(kernel), completions_, pool_, known_);
    const int error = engine->Open(directory, step);
    if (error == 0) opened = std::move(engine);
    return error;
  }

  Engine* engine(EngineKind kind) override {
    return kind == EngineKind::kLinux || kind == EngineKind::kUring ? EngineOf(kind).get() : nullptr;
  }

  void EndTurn() override {
    if (aio_) aio_->EndTurn();
    if (uring_) uring_->EndTurn();
  }

  bool KeepsForTurn() const override { return (aio_ && aio_->KeepsForTurn()) || (uring_ && uring_->KeepsForTurn()); }

  void Reap(std::vector<Completion>& finished) override {
    if (aio_) aio_->Reap(finished);
    if (uring_) uring_->Reap(finished);
  }

  int TakeRefusal() override { return aio_ ? aio_->TakeRefusal() : 0; }

  void Finish() override {
    if (aio_) aio_->Finish();
    if (uring_) uring_->Finish();
  }

  int64_t ReadCached(const char* path, void* memory, size_t capacity) override {
    LinuxEngine* const engine = either();
    return engine ? engine->ReadCached(path, memory, capacity) : -ENOSYS;
  }

  int64_t Attempt(const PathAttempt& attempt) override {
    LinuxEngine* const engine = either();
    return engine ? engine->Attempt(attempt) : -EAGAIN;
  }

  int64_t Attempt(const OpenAttempt& attempt) override {
    LinuxEngine* const engine = either();
    return engine ? engine->Attempt(attempt) : -EAGAIN;
  }

 private:
  std::unique_ptr<LinuxEngine>& EngineOf(EngineKind kind) { return kind == EngineKind::kUring ? uring_ : aio_; }

  // For calls without a request: any open engine serves them.
  LinuxEngine* either() { return aio_ ? aio_.get() : uring_.get(); }

  CompletionQueue& completions_;
  ThreadPool& pool_;
  KnownFileSystems known_;
  std::unique_ptr<LinuxEngine> aio_;
  std::unique_ptr<LinuxEngine> uring_;
};

}  // namespace

std::unique_ptr<System> MakeSystem(CompletionQueue& completions, ThreadPool& pool) {
  return std::make_unique<LinuxSystem>(completions, pool);
}

}  // namespace caio
