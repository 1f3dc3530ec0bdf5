// Requests in the kernel's queue. A slot keeps its request, so that a command can point to it and
// the pool can take over. A pool thread submits some of them: the pool then has a stand-in for the
// request in the slot. Loop thread only, except where stated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "../support/mutex.h"

namespace caio {

class KernelSlots {
 public:
  // Before the first Take. The slots do not move.
  void Make(uint32_t count);

  bool HasFree();
  bool AllFree() const { return free_.size() == slots_.size(); }

  // There must be a free slot.
  uint32_t Take(Request&& request);
  void Free(uint32_t slot);

  // A pool thread that submits the slot's request may use the slot until it has done so.
  Request& operator[](uint32_t slot) { return slots_[slot]; }

  // Records that a pool thread will submit the slot's request.
  void Depute(uint32_t slot);
  // Frees the slot of a stand-in that was cancelled.
  void FreeDeputed(uint32_t channel, uint32_t id);

  // Pool thread. The slot's request was not submitted, and has been moved out.
  void GiveBack(uint32_t slot);
  // Frees the slots that were given back. Their ids may be other operations' by now.
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
  Mutex mutex_;
};

}  // namespace caio
