// Our own threads, apart from libuv's: a full libuv pool (DNS, crypto, zlib) does not delay file I/O, nor the reverse.
#pragma once

#include <pthread.h>

#include <array>
#include <deque>
#include <unordered_map>
#include <vector>

#include "../completion_queue.h"
#include "../engine.h"

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
  // Syncs of one descriptor. At most one runs; those that arrive meanwhile wait and share the next: a sync that starts after
  // my write completed covers it, one that had already started does not.
  struct SyncGate {
    bool queued = false;
    bool running = false;
    std::vector<Request> waiting;
  };

  static constexpr size_t kMostTaken = 8;

  static void* ThreadMain(void* pool);
  size_t Take(std::array<Request, kMostTaken>& taken);  // pool thread; mutex_ held, the queue not empty
  void Work();                       // pool thread
  void RunSync(int fd);              // pool thread; enters and leaves with mutex_ held
  void Enqueue(Request&& request);   // mutex_ held
  void EnqueueGate(int fd, SyncGate& gate);  // mutex_ held
  bool StartThread();                // mutex_ held

  CompletionQueue& completions_;
  const unsigned max_threads_;
  pthread_mutex_t mutex_;
  pthread_cond_t wake_;
  // All under mutex_.
  std::deque<Request> queue_;  // a sync stands here only as a token naming its gate
  std::unordered_map<int, SyncGate> gates_;
  std::vector<pthread_t> threads_;
  unsigned idle_ = 0;
  bool closing_ = false;
};

}  // namespace caio
