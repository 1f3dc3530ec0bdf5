#include "held_memory.h"

#include <algorithm>
#include <new>
#include <utility>

namespace caio {

void Memories::Add(const Memory& memory) {
  if (size_ == capacity_) {
    const size_t capacity = std::max<size_t>(64, 2 * capacity_);
    std::unique_ptr<Memory[]> more(new (std::nothrow) Memory[capacity]);
    if (!more) return;
    std::copy(begin(), end(), more.get());
    items_ = std::move(more);
    capacity_ = capacity;
  }
  items_[size_++] = memory;
}

HeldMemory::Operation* HeldMemory::Find(uint32_t channel, uint32_t id) {
  if (channel >= channels_.size()) channels_.resize(size_t{channel} + 1);
  Channel& entry = channels_[channel];
  if (id >= entry.size) {
    const size_t size = std::max(size_t{id} + 1, 2 * entry.size);
    std::unique_ptr<Operation[]> more(new (std::nothrow) Operation[size]);
    if (!more) return nullptr;
    std::move(entry.operations.get(), entry.operations.get() + entry.size, more.get());
    entry.operations = std::move(more);
    entry.size = size;
  }
  return &entry.operations[id];
}

void HeldMemory::Hold(uint32_t channel, const Memories& memories) {
  if (!CanHold()) return;
  for (const Memory *first = memories.begin(), *end; first < memories.end(); first = end) {
    end = std::find_if(first, memories.end(), [=](const Memory& other) { return other.id != first->id; });
    Operation* operation = Find(channel, first->id);
    if (!operation) continue;
    operation->first = BackingStoreOf(*first);
    channels_[channel].held++;
    if (end - first == 1) continue;
    operation->others.reset(new (std::nothrow) Holder[static_cast<size_t>(end - first - 1)]);
    if (operation->others) std::transform(first + 1, end, operation->others.get(), BackingStoreOf);
  }
}

}  // namespace caio
