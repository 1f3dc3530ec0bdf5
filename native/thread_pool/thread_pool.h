// Our own threads, apart from libuv's: a full libuv pool (DNS, crypto, zlib) does not delay file I/O, nor the reverse.
#pragma once

#include <pthread.h>

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "../completion_queue.h"
#include "../engine.h"
#include "early_writeback.h"

namespace caio {

class ThreadPool final : public Engine {
 public:
  ThreadPool(CompletionQueue& completions, unsigned max_threads);
  ~ThreadPool() override;

  void Submit(Request* batch, size_t count, std::vector<Completion>& finished) override;
  bool Cancel(uint32_t channel, uint32_t id) override;
  void Reap(std::vector<Completion>&) override {}
  void Close() override;

 private:
  // Requests of one descriptor that are run one group at a time; those that arrive meanwhile wait.
  // - Syncs: all that wait share the next one. A sync that starts after my write completed covers it; one that had already
  //   started does not. A buffered write that is to be durable waits here, too, once it is written.
  // - Buffered writes: the kernel holds the file's lock for each, and threads that compete for it make half the rate.
  struct Gate {
    bool queued = false;
    bool running = false;
    int lost = 0;  // of writes that are running: the negative errno of a sync that has failed meanwhile
    std::deque<Request> waiting;
  };
  using Gates = std::unordered_map<int, Gate>;

  enum class What : uint8_t { kRequest, kSyncs, kWrites };
  struct Item {
    What what = What::kRequest;
    Request request;  // of a gate, only the descriptor
  };

  static constexpr size_t kMostTaken = 16;
  using Taken = std::array<Request, kMostTaken>;

  static void* ThreadMain(void* pool);
  // Pool threads; entered and left with mutex_ held.
  void Work();
  void RunSyncs(int fd);
  void RunWrites(int fd);
  void RunRequests(Request&& first);
  void RunDurably(int fd, Request& request);
  // Entered with mutex_ held, left without.
  void LeaveAndWake();
  // Pool threads, without mutex_. A write that shares a sync is completed only if it failed.
  void Perform(Taken& taken, size_t count);
  int PerformAndWriteBack(Taken& taken, size_t count);
  // All with mutex_ held.
  void Enqueue(Request&& request);
  void EnqueueGate(What what, int fd, Gate& gate);
  void EndWrites(int fd, Gate& gate);
  void AwaitSync(Request&& written);
  void EndSync(int fd, Gate& gate, std::deque<Request>& group, int64_t result, bool lost);
  void Grow();
  bool AddThread();

  CompletionQueue& completions_;
  const unsigned max_threads_;
  pthread_mutex_t mutex_;
  pthread_cond_t wake_;
  // All under mutex_.
  std::deque<Item> queue_;
  Gates syncs_;
  Gates writes_;
  SyncHabits habits_;
  WritebackErrors writeback_errors_;
  std::vector<pthread_t> threads_;
  unsigned idle_ = 0;
  bool closing_ = false;
};

}  // namespace caio
