// Files that were released by a thread, so that a further close has nothing to do that may wait.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace caio {

// A file as of its last change, as a hash; 0 for none. Two collide only if all 64 bits agree.
using FileState = uint64_t;

// Any thread. A file may be forgotten: the pool then closes it.
class ReleasedFiles {
 public:
  bool Has(FileState state) const {
    const Places& places = sets_[state % kSets];
    return state != 0 && std::any_of(places.begin(), places.end(), [state](const std::atomic<FileState>& place) {
             return place.load(std::memory_order_acquire) == state;
           });
  }

  // After close(2) has returned.
  void Add(FileState state) {
    if (Has(state)) return;
    const uint32_t next = next_.fetch_add(1, std::memory_order_relaxed);
    sets_[state % kSets][next % kPlaces].store(state, std::memory_order_release);
  }

 private:
  static constexpr size_t kSets = 1024;
  static constexpr size_t kPlaces = 4;
  using Places = std::array<std::atomic<FileState>, kPlaces>;

  std::array<Places, kSets> sets_{};
  std::atomic<uint32_t> next_{0};
};

}  // namespace caio
