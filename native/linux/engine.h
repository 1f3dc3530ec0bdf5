// Reads that cannot block are done from the loop thread, the rest by the pool. Direct I/O goes to the kernel's queue, asynchronously;
// a pool thread submits whatever may make its submitter wait (writes to a frozen file system, much memory to be pinned). Buffered reads
// that need not wait (RWF_NOWAIT) are done by preadv2: by io_submit, too, they would end inside the call, and it took 15 to 45 % longer
// for the same. Loop thread only, except where it says otherwise; one per environment.
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

  // Opens the kernel's queue; if it is to be opened only when first needed, checks that it could be. 0, or a negative errno with the step
  // that failed.
  int Open(const char* directory, const char** step);

  // Why the queue could not be opened when it was needed, a negative errno; once, and 0 from then on.
  int TakeRefusal() { return std::exchange(refusal_, 0); }

  void Submit(Request* batch, size_t count, std::vector<Completion>& finished) override;
  bool Cancel(uint32_t channel, uint32_t id) override;
  void Reap(std::vector<Completion>& finished) override;
  void Finish() override;
  void Close() override;

  // A turn of the loop has ended: what was kept for it goes. Has to be called if KeepsForTurn says so.
  void EndTurn();
  bool KeepsForTurn() const { return maps_.Any(); }

  // As CachedFiles has it. Notes where that has waited.
  int64_t ReadCached(const char* path, void* memory, size_t capacity);
  // As CachedPaths has it, likewise.
  int64_t Attempt(const PathAttempt& attempt);
  int64_t Attempt(const OpenAttempt& attempt);

 private:
  enum class Destination { kInline, kShared, kKernel, kDeputy, kPool };

  // Opens it, and proves it by a write and reads of a file in memory; if there can be no such file, of one in `directory`.
  int OpenQueue(const char* directory, const char** step);
  bool HasQueue();
  // Pool thread.
  bool SubmitToKernel(uint32_t slot, Request& request) override;
  void Examine(const Request& request) override;
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

  // Of the call under way.
  std::vector<KernelCommand> commands_;
  std::vector<Request> shared_;
  std::vector<Request> for_pool_;
  std::vector<Completion> done_;
  size_t inline_bytes_ = 0;
  size_t direct_bytes_ = 0;
  uint64_t now_ = 0;  // at its beginning
  MountKey met_ = 0;  // the last that something was tried on
  bool large_batch_ = false;
};

}  // namespace caio
