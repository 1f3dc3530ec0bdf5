// The memory of operations under way, held by itself. That JavaScript keeps their buffers is not enough: a buffer can be transferred,
// and what its new owner lets go is freed, wherever the old one is. Loop thread only.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace v8 {
class BackingStore;
}

namespace caio {

// A buffer of an operation that is being submitted.
struct Memory {
  uint32_t id;
  napi_value array_buffer;
};

class HeldMemory {
 public:
  // Until Release of that operation. Does nothing where the runtime is not known to be able to.
  void Hold(uint32_t channel, const Memory& memory);
  void Release(uint32_t channel, uint32_t id);

 private:
  using Holder = std::shared_ptr<v8::BackingStore>;
  struct Operation {
    Holder first;
    std::vector<Holder> others;  // of readv and writev
  };
  std::vector<std::vector<Operation>> channels_;  // by channel, by id
};

inline void HeldMemory::Release(uint32_t channel, uint32_t id) {
  if (channel >= channels_.size() || id >= channels_[channel].size()) return;
  Operation& operation = channels_[channel][id];
  operation.first.reset();
  operation.others.clear();
}

}  // namespace caio
