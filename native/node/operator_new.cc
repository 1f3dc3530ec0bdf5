// The addon's own operator new, on Linux. The addon is built without exceptions: a failure of the
// usual operator new would end the process, and a container whose allocation fails while it grows
// cannot undo anything. So there is a reserve, from which work in progress is finished. Submit
// takes nothing new until there is memory again. The reserve is the one exception to "no mutable
// globals": the heap is the process's, too.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "../support/memory.h"
#include "../support/mutex.h"

namespace caio {

namespace {

// Static, so that it needs no allocation, and untouched until one fails. Enough for thousands of
// requests and their completions.
constexpr size_t kReserve = 4 * 1024 * 1024;
constexpr size_t kAlignment = 128;
alignas(kAlignment) char reserve[kReserve];

Mutex mutex;
size_t used = 0;   // bytes given out, from its start
size_t parts = 0;  // pieces in use; the reserve is free again when the last is given back
std::atomic<bool> failed{false};

// Bytes that must be available before new work is accepted.
constexpr size_t kEnough = 256 * 1024;

// Aligned to kAlignment, a multiple of any processor's cache line.
void* FromReserve(size_t size) {
  MutexLock lock(mutex);
  failed.store(true, std::memory_order_relaxed);
  if (size > kReserve - used) return nullptr;
  void* memory = reserve + used;
  used = std::min(kReserve, (used + size + kAlignment - 1) / kAlignment * kAlignment);
  parts++;
  return memory;
}

void ToReserve() {
  MutexLock lock(mutex);
  if (--parts == 0) used = 0;
}

void* Allocate(size_t size) { return malloc(size > 0 ? size : 1); }

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ <= kAlignment);
  void* memory;
  return posix_memalign(&memory, static_cast<size_t>(alignment), size > 0 ? size : 1) == 0 ? memory : nullptr;
}

void* OrFromReserve(void* memory, size_t size) {
  if (!memory) memory = FromReserve(size);
  if (memory) return memory;
  fputs("caio: out of memory\n", stderr);
  abort();
}

void Free(void* memory) {
  const auto address = reinterpret_cast<uintptr_t>(memory);
  const auto start = reinterpret_cast<uintptr_t>(reserve);
  if (address - start < kReserve) return ToReserve();
  free(memory);
}

}  // namespace

bool HasMemory() {
  if (!failed.load(std::memory_order_relaxed)) return true;
  void* some = malloc(kEnough);
  if (!some) return false;
  free(some);
  failed.store(false, std::memory_order_relaxed);
  return true;
}

}  // namespace caio

void* operator new(size_t size) { return caio::OrFromReserve(caio::Allocate(size), size); }
void* operator new[](size_t size) { return caio::OrFromReserve(caio::Allocate(size), size); }
void* operator new(size_t size, std::align_val_t alignment) {
  return caio::OrFromReserve(caio::AllocateAligned(size, alignment), size);
}
// Callers of the nothrow form handle a failure: the reserve is for those that cannot.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return caio::Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return caio::Allocate(size); }
void operator delete(void* memory) noexcept { caio::Free(memory); }
void operator delete[](void* memory) noexcept { caio::Free(memory); }
void operator delete(void* memory, size_t) noexcept { caio::Free(memory); }
void operator delete[](void* memory, size_t) noexcept { caio::Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { caio::Free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { caio::Free(memory); }
