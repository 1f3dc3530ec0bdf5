// Paths that the kernel had in its caches a moment ago, and so very likely still has. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace caio {

class RecentPaths {
 public:
  // Whether it was added within the last tenth of a second or so, by a clock in nanoseconds. A relative path is another file's once
  // the current directory is another: none is.
  bool Has(const char* path, uint64_t now) const {
    if (path[0] != '/') return false;
    const uint64_t hash = Hash(path);
    const uint64_t entry = entries_[hash % kEntries].load(std::memory_order_relaxed);
    return (entry >> 32) == (hash >> 32) && Tick(now) - static_cast<uint32_t>(entry) <= 1;
  }

  void Add(const char* path, uint64_t now) {
    const uint64_t hash = Hash(path);
    entries_[hash % kEntries].store((hash >> 32 << 32) | Tick(now), std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kEntries = 4096;

  // Of 67 milliseconds: they start anew after nine years.
  static uint32_t Tick(uint64_t now) { return static_cast<uint32_t>(now >> 26); }

  // FNV-1a. The lowest bits choose the entry, the upper half stands in it, beside the tick.
  static uint64_t Hash(const char* path) {
    uint64_t hash = 14695981039346656037u;
    for (; *path; path++) hash = (hash ^ static_cast<unsigned char>(*path)) * 1099511628211u;
    return hash;
  }

  std::array<std::atomic<uint64_t>, kEntries> entries_{};
};

}  // namespace caio
