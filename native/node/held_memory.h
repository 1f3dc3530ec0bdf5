// Holds the memory of operations in flight. Keeping their buffers in JavaScript is not enough: a
// buffer can be transferred, and its memory is freed when the new owner drops it, even while the
// old buffer is still referenced. Loop thread only.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace v8 {
class BackingStore;
}

namespace caio {

// A buffer of an operation being submitted.
struct Memory {
  uint32_t id;
  napi_value array_buffer;
};

// CanHold: whether this runtime has V8's functions for holding memory. BackingStoreOf: a reference
// that holds a buffer's memory. Both are in backing_store_linux.cc; elsewhere V8's symbols have
// other names, and nothing is held.
bool CanHold();
std::shared_ptr<v8::BackingStore> BackingStoreOf(const Memory& memory);

// Buffers of one submission. Those of one operation are adjacent.
class Memories {
 public:
  // Does nothing if memory has run out: the buffer is then not held.
  void Add(const Memory& memory);
  void Clear() { size_ = 0; }
  const Memory* begin() const { return items_.get(); }
  const Memory* end() const { return items_.get() + size_; }

 private:
  std::unique_ptr<Memory[]> items_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class HeldMemory {
 public:
  // Holds each buffer until its operation's Release. Does nothing if CanHold() is false or memory
  // has run out.
  void Hold(uint32_t channel, const Memories& memories);
  void Release(uint32_t channel, uint32_t id);

 private:
  using Holder = std::shared_ptr<v8::BackingStore>;
  struct Operation {
    Holder first;
    std::unique_ptr<Holder[]> others;  // of readv and writev
  };
  struct Channel {
    std::unique_ptr<Operation[]> operations;  // by id
    size_t size = 0;
    size_t held = 0;
  };
  Operation* Find(uint32_t channel, uint32_t id);
  std::vector<Channel> channels_;
};

inline void HeldMemory::Release(uint32_t channel, uint32_t id) {
  constexpr size_t kKept = 4096;  // operations in the array that an idle channel keeps
  if (channel >= channels_.size() || id >= channels_[channel].size) return;
  Channel& entry = channels_[channel];
  Operation& operation = entry.operations[id];
  if (!operation.first) return;
  operation.first.reset();
  operation.others.reset();
  if (--entry.held == 0 && entry.size > kKept) entry = {};
}

}  // namespace caio
