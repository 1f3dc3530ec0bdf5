// Paths that the kernel had in its caches a moment ago, and so very likely still has. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../nanoseconds.h"

namespace caio {

class RecentPaths {
 public:
  // Whether it was added within the last second or two.
  bool Has(const char* path) const {
    const uint64_t hash = Hash(path);
    const uint64_t entry = entries_[hash % kEntries].load(std::memory_order_relaxed);
    return ((entry ^ hash) & ~kTickMask) == 0 && ((Tick() - entry) & kTickMask) <= 1;
  }

  void Add(const char* path) {
    const uint64_t hash = Hash(path);
    entries_[hash % kEntries].store((hash & ~kTickMask) | (Tick() & kTickMask), std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kEntries = 4096;
  static constexpr uint64_t kTickMask = 0xffff;

  static uint64_t Tick() { return Nanoseconds() >> 30; }

  // FNV-1a. Its lowest bits choose the entry, where the others stand beside the tick.
  static uint64_t Hash(const char* path) {
    uint64_t hash = 14695981039346656037u;
    for (; *path; path++) hash = (hash ^ static_cast<unsigned char>(*path)) * 1099511628211u;
    return hash;
  }

  std::array<std::atomic<uint64_t>, kEntries> entries_{};
};

}  // namespace caio
