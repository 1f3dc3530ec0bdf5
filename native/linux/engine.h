// The engine of the backends `linux` and `uring`. Reads that cannot block are done on the loop
// thread, the rest by the pool. Direct I/O goes to the kernel's queue, asynchronously; a pool
// thread submits whatever may make the submitter wait (writes to a frozen file system, much memory
// to pin). Inline buffered reads use preadv2 with RWF_NOWAIT: io_submit would complete them inside
// the call, too, and took 15 to 45 % longer. Loop thread only, except where stated; one per
// environment.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "../request/completion_queue.h"
#include "../request/engine.h"
#include "kernel_queue.h"
#include "cached_file.h"
#include "cached_path.h"
#include "file_facts.h"
#include "inline_helper.h"
#include "kernel_slots.h"
#include "known_file_systems.h"
#include "turn_maps.h"
#include "waits.h"

namespace caio {

class LinuxEngine final : public Engine, private Deputy {
 public:
  LinuxEngine(std::unique_ptr<KernelQueue> kernel, CompletionQueue& completions, Engine& pool, KnownFileSystems& known);
  ~LinuxEngine() override;

  // Opens the kernel's queue; if that is opened when first needed, only checks that it can be. 0,
  // or a negative errno and the step that failed.
  int Open(const char* directory, const char** step);

  // Why the queue could not be opened when it was needed, a negative errno. Reported once; 0 from
  // then on.
  int TakeRefusal() { return std::exchange(refusal_, 0); }

  void Submit(Request* batch, size_t count, std::vector<Completion>& finished) override;
  bool Cancel(uint32_t channel, uint32_t id) override;
  void Reap(std::vector<Completion>& finished) override;
  void Finish() override;
  void Close() override;

  // Ends a turn of the loop, and drops what was kept for it. Must be called if KeepsForTurn().
  void EndTurn();
  bool KeepsForTurn() const { return maps_.Any(); }

  // CachedFiles::Read. Records a file system that made it wait.
  int64_t ReadCached(const char* path, void* memory, size_t capacity);
  // CachedPaths' attempts, likewise.
  int64_t Attempt(const PathAttempt& attempt);
  int64_t Attempt(const OpenAttempt& attempt);

 private:
  enum class Destination { kInline, kShared, kKernel, kDeputy, kPool };

  // Opens the queue, and proves it by a write and reads of a file in memory; if there can be none,
  // of a file in `directory`.
  int OpenQueue(const char* directory, const char** step);
  bool HasQueue();
  // Pool thread.
  bool SubmitToKernel(uint32_t slot, Request& request) override;
  uint64_t BeginExamine() override;
  bool WasQuick(const Request& request, int64_t result, uint64_t begun) override;
  void Examine(const Request& request, bool quick) override;
  void BeginClose(Request& request) override;
  void EndClose(const Request& request) override;
  void GiveUp() override { maps_.GiveUp(); }

  Destination Choose(Request& request);
  Destination ChooseDirect(const Request& request, NowaitHistory& history);
  int64_t ServeNowait(Request& request);
  void EndInline(Request& request, int64_t result);
  void ServeShared();
  void TakeLate(Request&& request, int64_t result);
  void Prepare(Request&& request);
  void Depute(Request&& request);
  template <typename Try>
  int64_t Metered(Try attempt);
  void EndMetered(MountKey mount);
  void SubmitPrepared();
  bool EndIfAnswered(Request& request, int64_t result, Route route);
  void EndSlot(uint32_t slot, int64_t result, Route route);
  void Collect(Route route);
  void FlushPool(std::vector<Completion>& finished);
  void Remember(const Request& request, NowaitAnswer answer);

  CompletionQueue& completions_;
  Engine& pool_;
  KnownFileSystems& known_;
  CachedFiles cached_files_;
  CachedPaths cached_paths_;
  std::unique_ptr<KernelQueue> kernel_;
  bool is_open_ = false;
  uint64_t refused_at_ = 0;  // 0 for never
  int refusal_ = 0;
  FileFactsTable files_;
  InlineHelper helper_;
  KernelSlots slots_;

  WaitMeter meter_;

  TurnMaps maps_;

  // State of the current call.
  std::vector<KernelCommand> commands_;
  std::vector<Request> shared_;
  std::vector<Request> for_pool_;
  std::vector<Completion> done_;
  size_t inline_bytes_ = 0;
  size_t direct_bytes_ = 0;
  uint64_t now_ = 0;  // when the call began
  MountKey met_ = 0;  // mount of the last attempt
  bool large_batch_ = false;
};

}  // namespace caio
