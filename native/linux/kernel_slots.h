// What is with the kernel's queue: a slot keeps the request, so that a command can name it and the pool can take over. Some of them a
// pool thread submits: then the pool has another request that stands for the one in the slot. Loop thread only, except where it says
// otherwise.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../request/request.h"

namespace caio {

class KernelSlots {
 public:
  KernelSlots() { pthread_mutex_init(&mutex_, nullptr); }
  ~KernelSlots() { pthread_mutex_destroy(&mutex_); }

  // Before the first is taken; they do not move.
  void Make(uint32_t count);

  // Whether one can be taken.
  bool HasFree();
  // Whether none is in use.
  bool AllFree() const { return free_.size() == slots_.size(); }

  // One of them has to be free.
  uint32_t Take(Request&& request);
  void Free(uint32_t slot);

  // A pool thread submits the request in the slot, or has submitted it; it may use the slot until then.
  Request& operator[](uint32_t slot) { return slots_[slot]; }

  // Notes that a pool thread is to submit it.
  void Depute(uint32_t slot);
  // The request that stood for it was taken back.
  void FreeDeputed(uint32_t channel, uint32_t id);

  // Pool thread. The request was not submitted, and is in the slot no more.
  void GiveBack(uint32_t slot);
  // Frees those that were given back. Their requests' ids may be other operations' by now.
  void TakeBack();

 private:
  struct Deputed {
    uint32_t slot;
    uint32_t channel;
    uint32_t id;
  };

  std::vector<Request> slots_;
  std::vector<uint32_t> free_;
  std::vector<Deputed> deputed_;
  std::vector<uint32_t> given_back_;  // under mutex_
  pthread_mutex_t mutex_;
};

}  // namespace caio
