// Our own threads, apart from libuv's: a full libuv pool (DNS, crypto, zlib) does not delay file
// I/O, nor the reverse.
//
// States: open, from the constructor on. Finishing, while Finish waits: threads go on, and may
// queue more (the sync of a write), until the queue is empty and every thread waits. Closed: Submit
// serves nothing, and every thread ends where it waits. Threads are added only while something is
// queued, so none is added once Finish has seen the queue empty.
//
// A thread that has not finished its operation after kStuck counts as stuck: another takes its
// place. Once as many threads are stuck in a file system as the pool may have, requests for that
// file system are set apart until one of the threads comes back.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "../request/completion_queue.h"
#include "../request/engine.h"
#include "early_writeback.h"
#include "file_system_of.h"
#include "hand.h"
#include "hand_off.h"
#include "sleepers.h"
#include "../support/mutex.h"
#include "../support/pinning.h"

namespace caio {

class ThreadPool final : public Engine {
 public:
  // `max_threads` applies to each file system; there are more only in place of stuck ones. `usable`:
  // processors that the process may keep busy; 0 for no hand-off.
  ThreadPool(CompletionQueue& completions, unsigned max_threads, int usable = 2);
  ~ThreadPool() override;

  // Loop thread. Whether a thread exists or can be created.
  bool HasThread();

  void Submit(Request* batch, size_t count, std::vector<Completion>& finished) override;
  // Loop thread, before Submit: AwaitHandedOff follows it. Otherwise nothing is handed off.
  void ExpectHandOff() { may_hand_off_ = true; }
  // Loop thread, after Submit. Waits a moment for requests handed off by Submit, and appends their
  // completions.
  void AwaitHandedOff(std::vector<Completion>& finished);

  bool Cancel(uint32_t channel, uint32_t id) override;
  void Reap(std::vector<Completion>&) override {}
  void Finish() override;
  void Close() override;

 private:
  // Requests that run one group at a time, per descriptor or directory; later ones wait.
  // - Syncs: all waiting requests share the next sync. A sync that starts after a write has
  //   completed covers it; one already started does not. A buffered write that is to be durable
  //   waits here, too, once it is written.
  // - Buffered writes: the kernel holds the file's lock for each, and threads that compete for it
  //   halve the rate.
  // - Changes of names in one directory, for the same reason. That holds while each takes
  //   microseconds: if one is slow for another reason, such as the size of what it removes, the
  //   others stop waiting.
  struct Gate {
    bool queued = false;
    bool running = false;
    int lost = 0;  // negative errno of a sync that failed while the gate's writes run
    std::deque<Request> waiting;
  };
  // By descriptor, or by DirectoryOf.
  using Gates = std::unordered_map<uint64_t, Gate>;

  enum class ItemKind : uint8_t { kRequest, kSyncs, kWrites, kNames };
  struct Item {
    ItemKind kind = ItemKind::kRequest;
    Request request;         // for a gate, only its descriptor
    uint64_t directory = 0;  // for kNames
  };

  struct Worker : Sleepers::Sleeper {
    explicit Worker(ThreadPool& owner) : pool(owner) {}

    ThreadPool& pool;
    pthread_t thread{};
    Hand hand;
    std::atomic<uint32_t> step{0};    // operations begun
    std::atomic<size_t> place{0};     // place in its hand of the current request
    std::atomic<bool> stuck{false};   // written with mutex_ held
    std::atomic<bool> ending{false};  // about to look for the next work
    std::atomic<bool> beside{false};  // bound to the loop's processor; written with mutex_ held
    // Under mutex_.
    pid_t id = 0;  // for pinning_
    bool busy = false;
    bool worked = false;                     // since it last lingered
    uint32_t seen = 0;                       // `step`, when the watch last looked
    FileSystem file_system = kNoFileSystem;  // in which it is stuck
    std::optional<uint64_t> directory;       // whose names only it changes
    uint64_t recent_change = 0;              // nanoseconds that those take
  };

  // Requests of the last submission that was handed off.
  struct HandedOff {
    std::array<Opcode, kHandedOffAtOnce> opcodes;
    size_t count = 0;
    bool beside = false;
    uint64_t since = 0;  // nanoseconds
    uint64_t patience = 0;
  };

  static void* ThreadMain(void* worker);
  static void* WatchMain(void* pool);

  // Pool threads; entered and left with mutex_ held.
  void Work(Worker& self);
  void TakeAndRun(Worker& self);
  void RunSyncs(Worker& self, int fd);
  void RunWrites(Worker& self, int fd);
  void RunRequests(Worker& self, Request&& first);
  void RunDurably(Worker& self, int fd);
  void RunNames(Worker& self, uint64_t directory);
  // Entered with mutex_ held, left without.
  void LeaveAndWake();
  // With mutex_ held. The thread to be woken, taken; nullptr if none is needed.
  Sleepers::Sleeper* Next();
  Sleepers::Sleeper* TakeSleeper();

  // Pool threads, hand_off.cc.
  // Entered and left with mutex_ held. True if the thread lingered, and work may have come.
  bool Linger(Worker& self);
  // With mutex_ held. A thread has stayed awake for `time` that was to do so for `most`.
  void NoteWait(uint64_t time, uint64_t most, uint64_t now);
  // Loop thread, with mutex_ held.
  void HandOffBatch(const Request* batch, size_t count);
  bool WaitsAwake(const Request* batch, size_t count, uint64_t now);
  bool WaitsBeside(const Request* batch, size_t count, uint64_t now);
  Worker* BindBeside();
  // With mutex_ held.
  void EndBeside();
  // Loop thread, without mutex_.
  void LetBesideGo();
  // Any thread, with mutex_ held. Whether the calling thread is the one beside the loop.
  bool IsBeside() const;
  // Pool threads, with a request that they have begun. One beside the loop goes on on another
  // processor if the request may take long.
  void MoveAwayIfLong(Worker& self, const Request& request);

  // Pool threads, without mutex_. A write that shares a sync is completed here only if it failed.
  void Perform(Worker& self);
  void PerformAt(Worker& self, size_t place);
  void PerformNames(Worker& self);
  int PerformAndWriteBack(Worker& self);
  void KeepWritebackError(int fd, int error);
  void BeginStep(Worker& self, size_t place);
  void EndStep(Worker& self);

  // Watch thread; entered and left with mutex_ held.
  void Watch();
  void Look();

  // All with mutex_ held.
  void Enqueue(Request&& request);
  static Item ItemOf(ItemKind kind, int fd);
  void EnqueueGate(Item&& item, Gate& gate);
  void EndTurn(Gates& gates, uint64_t key, Item&& next);
  void EndWrites(int fd);
  void EndNames(Worker& self);
  void LetOthersChange(Worker& self);
  void OpenGate(uint64_t directory);
  void AwaitSync(Request&& written);
  void EndSync(int fd, Gate& gate, std::deque<Request>& group, int64_t result, bool lost);
  int TakeWritebackError(int fd);
  void DropReads();
  void FinishLocked();
  void Unstick(Worker& self);
  void Grow();
  bool AddWorker();
  void BeforeThread();
  void NeedWatch();
  bool HasWork() const;
  bool HoldsUp(const Worker& worker) const;
  bool NeedsLook() const;
  size_t Limit() const;
  size_t Busy() const { return workers_.size() - idle_; }
  size_t Ending() const;
  unsigned StuckIn(FileSystem file_system) const;
  bool SetApart(Item& item);
  bool WaitForTrees(Item& item);
  void PutBack(Request&& unfinished);
  void EndTree();

  CompletionQueue& completions_;
  const unsigned max_threads_;
  Mutex mutex_;
  Sleepers sleepers_;
  Condition watch_;
  Condition all_idle_;
  // All under mutex_.
  std::deque<Item> queue_;
  std::unordered_map<FileSystem, std::deque<Item>> set_apart_;
  // Trees past their first slice and not finished; and trees that wait until there are fewer.
  size_t begun_trees_ = 0;
  std::deque<Item> trees_;
  Gates syncs_;
  Gates writes_;
  Gates names_;
  SyncHabits habits_;
  WritebackErrors writeback_errors_;
  std::vector<std::unique_ptr<Worker>> workers_;
  size_t idle_ = 0;
  size_t stuck_ = 0;
  pthread_t watch_thread_{};
  bool has_watch_ = false;
  bool watching_ = false;  // the watch wakes periodically by itself
  bool finishing_ = false;
  bool closing_ = false;
  const int usable_;
  Credit lingering_;
  Calm calm_;
  Calm beside_calm_;
  Pinning pinning_;
  Worker* beside_ = nullptr;  // the worker bound to the loop's processor
  size_t expected_ = 0;       // requests that it is to take itself
  bool someone_lingers_ = false;
  bool awaited_ = false;  // the loop waits for the last batch, or has got its results

  std::atomic<uint32_t> submissions_{0};
  // Loop thread.
  bool may_hand_off_ = false;
  bool calls_beside_ = false;  // the current submission
  unsigned series_ = 0;        // submissions in a row that followed closely
  uint64_t answered_ = 0;      // nanoseconds; of the last result from beside the loop
  std::array<Patience, kOperationCount> patience_;
  std::array<Credit, kOperationCount> beside_credit_;
  HandedOff handed_off_;
};

}  // namespace caio
