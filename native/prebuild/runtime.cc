// In a prebuild only: what the rest takes from libstdc++, and from glibc since 2.32, so that the binary asks for neither.
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

}  // namespace

namespace std {
const nothrow_t nothrow{};
void __throw_bad_alloc() { End("out of memory"); }
void __throw_bad_array_new_length() { End("out of memory"); }
void __throw_length_error(const char* where) { End(where); }
}  // namespace std

#ifdef __GLIBC__
// glibc's own, since 2.32, for who counts references: there are threads, always.
extern "C" char __libc_single_threaded;
char __libc_single_threaded = 0;

// Functions of the library since 2.33 only. On 64-bit machines the kernel's structure is glibc's.
extern "C" int stat64(const char* path, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, 0));
}

extern "C" int lstat64(const char* path, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW));
}

extern "C" int fstatat64(int directory, const char* path, struct stat64* status, int flags) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, directory, path, status, flags));
}

extern "C" int fstat64(int fd, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, fd, status));
}
#endif
