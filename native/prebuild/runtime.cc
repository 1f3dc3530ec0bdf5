// In a prebuild only: what the rest takes from libstdc++, and from glibc since 2.33, so that the binary asks for neither.
// What libstdc++ would throw ends the process here, as it does where the addon, which has no exceptions, is built on the spot.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

[[noreturn]] void End(const char* why) {
  fprintf(stderr, "caio: %s\n", why);
  abort();
}

void* Allocate(size_t size) { return malloc(size > 0 ? size : 1); }

void* AllocateOrEnd(size_t size) {
  void* memory = Allocate(size);
  if (!memory) End("out of memory");
  return memory;
}

}  // namespace

void* operator new(size_t size) { return AllocateOrEnd(size); }
void* operator new[](size_t size) { return AllocateOrEnd(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new(size_t size, std::align_val_t alignment) {
  void* memory;
  if (posix_memalign(&memory, static_cast<size_t>(alignment), size > 0 ? size : 1) != 0) End("out of memory");
  return memory;
}
void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }

namespace std {
const nothrow_t nothrow{};
void __throw_bad_alloc() { End("out of memory"); }
void __throw_bad_array_new_length() { End("out of memory"); }
void __throw_length_error(const char* where) { End(where); }
}  // namespace std

#ifdef __GLIBC__
// Functions of the library since 2.33 only. On 64-bit machines the kernel's structure is glibc's.
extern "C" int stat64(const char* path, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, 0));
}

extern "C" int fstat64(int fd, struct stat64* status) noexcept { return static_cast<int>(syscall(SYS_fstat, fd, status)); }
#endif
