// What cannot block is done from the loop thread, the rest by the pool. Direct I/O goes to the kernel's queue, asynchronously. Buffered
// I/O that is served without waiting (RWF_NOWAIT) ends inside the call either way, and is done by preadv2 and pwritev2: io_submit
// took 15 to 45 % longer for the same. Loop thread only; one an environment.
#pragma once

#include <memory>
#include <vector>

#include "../completion_queue.h"
#include "../engine.h"
#include "../kernel_queue.h"
#include "cached_file.h"
#include "file_facts.h"
#include "inline_helper.h"

namespace caio {

class LinuxEngine final : public Engine {
 public:
  LinuxEngine(std::unique_ptr<KernelQueue> kernel, CompletionQueue& completions, Engine& pool, CachedFiles& cached_files);
  ~LinuxEngine() override;

  // Opens the kernel's queue, and writes to, reads from and syncs `fd` by it, blocking. 0, or a negative errno with the step that failed.
  int Open(int fd, const char** step);

  void Submit(Request* batch, size_t count, std::vector<Completion>& finished) override;
  bool Cancel(uint32_t channel, uint32_t id) override { return pool_.Cancel(channel, id); }
  void Reap(std::vector<Completion>& finished) override;
  void Close() override;

 private:
  enum class Way { kInline, kShared, kKernel, kPool };

  int Probe(int fd, const char** step);
  int Prove(Request& request, char* out, char* in, size_t length, const char** step);
  Way Choose(Request& request);
  int64_t ServeNowait(Request& request);
  void EndInline(Request& request, int64_t result);
  void ServeShared();
  void TakeLate(Request&& request, int64_t result);
  void Prepare(Request&& request);
  void SubmitPrepared();
  bool Answered(Request& request, int64_t result, Route route);
  void EndSlot(uint32_t slot, int64_t result, Route route);
  void Collect(Route route);
  void FlushPool(std::vector<Completion>& finished);
  void Remember(const Request& request, NowaitAnswer answer);

  CompletionQueue& completions_;
  Engine& pool_;
  CachedFiles& cached_files_;
  std::unique_ptr<KernelQueue> kernel_;
  FileFactsTable files_;
  InlineHelper helper_;

  // What is with the kernel: a slot keeps the request, so that the pool can take over. Fixed size, so that a command can name it.
  std::vector<Request> slots_;
  std::vector<uint32_t> free_slots_;

  // Of the call under way.
  std::vector<KernelCommand> commands_;
  std::vector<Request> shared_;
  std::vector<Request> for_pool_;
  std::vector<Completion> done_;
  size_t inline_bytes_ = 0;
  bool large_batch_ = false;
};

}  // namespace caio
