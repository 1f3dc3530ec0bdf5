// Prebuilds only: replaces what the addon uses from libstdc++, from glibc since 2.32, and from
// glibc but not musl, so that one binary, which needs none of it, serves both C libraries.
//
// Where libstdc++ would throw, the process ends, as it does in an addon built from source, which
// has no exceptions.

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
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
// glibc's, since 2.32, for code that counts references: there are always threads.
extern "C" char __libc_single_threaded;
char __libc_single_threaded = 0;

// Functions that glibc has only since 2.33. On 64-bit machines the kernel's structure is glibc's.
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

#ifdef __aarch64__
// libgcc's outline atomics call it to find the processor's atomic instructions. musl has it by its
// public name only.
extern "C" unsigned long __getauxval(unsigned long type) { return getauxval(type); }
#endif

// Functions that musl (1.2.3) lacks.
extern "C" int statx(int directory, const char* path, int flags, unsigned mask, struct statx* status) noexcept {
  return static_cast<int>(syscall(SYS_statx, directory, path, flags, mask, status));
}

extern "C" int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
}

// A kernel without these calls cannot do what the flags ask for: EOPNOTSUPP, as in glibc.
extern "C" ssize_t preadv64v2(int fd, const iovec* memory, int count, off64_t offset, int flags) {
  const ssize_t result = syscall(SYS_preadv2, fd, memory, count, offset, 0L, flags);
  if (result < 0 && errno == ENOSYS) errno = EOPNOTSUPP;
  return result;
}

extern "C" ssize_t pwritev64v2(int fd, const iovec* memory, int count, off64_t offset, int flags) {
  const ssize_t result = syscall(SYS_pwritev2, fd, memory, count, offset, 0L, flags);
  if (result < 0 && errno == ENOSYS) errno = EOPNOTSUPP;
  return result;
}
#endif
