// Interposed by LD_PRELOAD under the addon: each call behaves as planned, or as usual. Counts the
// addon's own calls, and others' calls (libuv's, for the pure backend) on the file that the plan
// names.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "plan.h"

typedef int64_t off;

#define REAL(name) ((__typeof__(&name))real_function(#name))
static void *real_function(const char *name) { return dlsym(RTLD_NEXT, name); }
#define BY_ADDON by_addon(__builtin_return_address(0))

long real_syscall(long number, long a, long b, long c, long d, long e, long f) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))real_function("syscall");
  return real(number, a, b, c, d, e, f);
}

static int failed(int error) {
  errno = error;
  return -1;
}

// Whether a call on a file counts. Uses the plain system call for fstat, which is not counted.
static bool counts(const void *caller, int fd) {
  char memory[PATH_ROOM];
  if (plan()->root[0] != '\0') return is_named(path_at(fd, NULL, memory));
  if (by_addon(caller)) return true;
  const int64_t inode = plan()->inode;
  struct stat status;
  return inode != 0 &&
         real_syscall(SYS_newfstatat, fd, (long)"", (long)&status, 0x1000 /* AT_EMPTY_PATH */, 0, 0) == 0 &&
         (int64_t)status.st_ino == inode;
}

static struct rule use_of(enum call call, int fd) {
  char memory[PATH_ROOM];
  return plan()->root[0] != '\0' ? use_at(call, path_at(fd, NULL, memory)) : use(call);
}

static long raw(long number, int fd, const void *memory, long length, off offset, int flags) {
  return real_syscall(number, fd, (long)memory, length, (long)offset, 0, flags);
}

static long total(const struct iovec *vectors, int count) {
  long sum = 0;
  for (int i = 0; i < count; i++) sum += (long)vectors[i].iov_len;
  return sum;
}

// Copies the vectors that hold the first `limit` bytes.
static int cut(const struct iovec *vectors, int count, long limit, struct iovec *out) {
  int used = 0;
  for (; used < count && limit > 0; used++) {
    out[used] = vectors[used];
    if ((long)out[used].iov_len > limit) out[used].iov_len = (size_t)limit;
    limit -= (long)out[used].iov_len;
  }
  return used;
}

// Direct I/O moves whole sectors.
int32_t possible(int fd, int32_t bytes) {
  const bool direct = (real_syscall(SYS_fcntl, fd, 3 /* F_GETFL */, 0, 0, 0, 0) & 040000 /* O_DIRECT */) != 0;
  return direct && bytes > 0 ? (bytes + 511) / 512 * 512 : bytes;
}

// One read or write, single or vectored, as planned.
static long transfer(enum call call, const char *name, long number, int fd, const void *memory, long length, off offset,
                     int flags) {
  const int32_t begin = tick();
  struct rule rule = use_of(call, fd);
  if (rule.action == FAIL) return failed(rule.argument);
  if (rule.action == SHORT) rule.argument = possible(fd, rule.argument);
  const bool vectored = call != CALL_PREAD && call != CALL_PWRITE;
  struct iovec some[1024];
  if (rule.action == SHORT && vectored) {
    length = cut(memory, (int)length, rule.argument, some);
    memory = some;
  } else if (rule.action == SHORT && length > rule.argument) {
    length = rule.argument;
  }
  const long result = length == 0 ? 0 : raw(number, fd, memory, length, offset, flags);
  const int error = errno;
  if (result < 0) check_memory(name, error);
  note(call, fd, offset, vectored ? total(memory, (int)length) : length, result < 0 ? -error : result, begin);
  errno = error;
  return result;
}

#define TRANSFER(call, name, number, flags)                                       \
  if (counts(__builtin_return_address(0), fd))                                    \
    return transfer(call, name, number, fd, memory, (long)length, offset, flags); \
  return raw(number, fd, memory, (long)length, offset, flags)

ssize_t pread64(int fd, void *memory, size_t length, off offset) { TRANSFER(CALL_PREAD, "pread", SYS_pread64, 0); }
ssize_t pread(int fd, void *memory, size_t length, off offset) { TRANSFER(CALL_PREAD, "pread", SYS_pread64, 0); }
ssize_t pwrite64(int fd, const void *memory, size_t length, off offset) {
  TRANSFER(CALL_PWRITE, "pwrite", SYS_pwrite64, 0);
}
ssize_t pwrite(int fd, const void *memory, size_t length, off offset) {
  TRANSFER(CALL_PWRITE, "pwrite", SYS_pwrite64, 0);
}
ssize_t preadv64(int fd, const struct iovec *memory, int length, off offset) {
  TRANSFER(CALL_PREADV, "preadv", SYS_preadv, 0);
}
ssize_t preadv(int fd, const struct iovec *memory, int length, off offset) {
  TRANSFER(CALL_PREADV, "preadv", SYS_preadv, 0);
}
ssize_t pwritev64(int fd, const struct iovec *memory, int length, off offset) {
  TRANSFER(CALL_PWRITEV, "pwritev", SYS_pwritev, 0);
}
ssize_t pwritev(int fd, const struct iovec *memory, int length, off offset) {
  TRANSFER(CALL_PWRITEV, "pwritev", SYS_pwritev, 0);
}
ssize_t preadv64v2(int fd, const struct iovec *memory, int length, off offset, int flags) {
  TRANSFER(CALL_PREADV2, "preadv2", SYS_preadv2, flags);
}
static int sync_file(enum call call, long number, int fd, const void *caller) {
  if (!counts(caller, fd)) return (int)real_syscall(number, fd, 0, 0, 0, 0, 0);
  const int32_t begin = tick();
  const struct rule rule = use_of(call, fd);
  const long result = rule.action == FAIL ? failed(rule.argument) : real_syscall(number, fd, 0, 0, 0, 0, 0);
  const int error = errno;
  note(call, fd, 0, 0, result < 0 ? -error : result, begin);
  errno = error;
  return (int)result;
}

int fsync(int fd) { return sync_file(CALL_FSYNC, SYS_fsync, fd, __builtin_return_address(0)); }
int fdatasync(int fd) { return sync_file(CALL_FDATASYNC, SYS_fdatasync, fd, __builtin_return_address(0)); }

static ssize_t write_vectors(const void *caller, int fd, const struct iovec *memory, int length, off offset,
                             int flags) {
  if (counts(caller, fd)) return transfer(CALL_PWRITEV2, "pwritev2", SYS_pwritev2, fd, memory, length, offset, flags);
  return raw(SYS_pwritev2, fd, memory, length, offset, flags);
}

// A durable write counts as the two calls that it replaces.
ssize_t pwritev64v2(int fd, const struct iovec *memory, int length, off offset, int flags) {
  const void *caller = __builtin_return_address(0);
  const ssize_t written = write_vectors(caller, fd, memory, length, offset, flags & ~RWF_DSYNC);
  const bool synced = written < 0 || !(flags & RWF_DSYNC) || sync_file(CALL_FDATASYNC, SYS_fdatasync, fd, caller) == 0;
  return synced ? written : -1;
}

// Calls that may fail, and have no other way to go wrong.
#define MAY_FAIL(call)                                     \
  if (plan()->root[0] == '\0' && BY_ADDON) {               \
    const struct rule rule = use(call);                    \
    if (rule.action == FAIL) return failed(rule.argument); \
  }
// The same for a name, or for a descriptor, whoever calls.
#define MAY_FAIL_AS(named, call, directory, name)          \
  char named_path[PATH_ROOM];                              \
  if (is_named(path_at(directory, name, named_path))) {    \
    const struct rule rule = use_at(named, named_path);    \
    if (rule.action == FAIL) return failed(rule.argument); \
  } else {                                                 \
    MAY_FAIL(call)                                         \
  }
#define MAY_FAIL_AT(call, directory, name) MAY_FAIL_AS(call, call, directory, name)

int sync_file_range(int fd, off offset, off length, unsigned flags) {
  MAY_FAIL(CALL_SYNC_FILE_RANGE)
  return (int)real_syscall(SYS_sync_file_range, fd, (long)offset, (long)length, (long)flags, 0, 0);
}

int ftruncate64(int fd, off length) {
  MAY_FAIL_AT(CALL_FTRUNCATE, fd, NULL)
  return (int)real_syscall(SYS_ftruncate, fd, (long)length, 0, 0, 0, 0);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = va_arg(rest, int);
  va_end(rest);
  MAY_FAIL_AS((flags & O_DIRECTORY) != 0 ? CALL_OPENDIR : CALL_OPEN, CALL_OPEN, AT_FDCWD, path)
  return (int)real_syscall(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

int stat64(const char *path, struct stat64 *status) {
  MAY_FAIL_AS(CALL_STATX, CALL_STAT, AT_FDCWD, path)
  return REAL(stat64)(path, status);
}

int fstat64(int fd, struct stat64 *status) {
  MAY_FAIL_AS(CALL_STATX, CALL_FSTAT, fd, NULL)
  return REAL(fstat64)(fd, status);
}

int fcntl64(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const long argument = va_arg(rest, long);
  va_end(rest);
  MAY_FAIL(CALL_FCNTL)
  return (int)real_syscall(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

int eventfd(unsigned initial, int flags) {
  MAY_FAIL(CALL_EVENTFD)
  return (int)real_syscall(SYS_eventfd2, (long)initial, flags, 0, 0, 0, 0);
}

int statx(int directory, const char *restrict path, int flags, unsigned mask, struct statx *restrict status) {
  MAY_FAIL_AT(CALL_STATX, directory, path)
  return (int)real_syscall(SYS_statx, directory, (long)path, flags, (long)mask, (long)status, 0);
}

int memfd_create(const char *name, unsigned flags) {
  MAY_FAIL(CALL_MEMFD)
  return (int)real_syscall(SYS_memfd_create, (long)name, (long)flags, 0, 0, 0, 0);
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
  MAY_FAIL(CALL_POLL)
  if (BY_ADDON && count == 1 && is_emulated((unsigned long)fds->fd)) return emulated_uring_poll(fds->fd, timeout);
  return REAL(poll)(fds, count, timeout);
}

ssize_t write(int fd, const void *memory, size_t length) {
  const int32_t begin = tick();
  struct rule rule = {0};
  if (BY_ADDON) rule = use(CALL_SIGNAL);
  if (rule.action == FAIL) return failed(rule.argument);
  const ssize_t result = REAL(write)(fd, memory, length);
  if (rule.action == SPURIOUS) REAL(write)(fd, memory, length);
  const int error = errno;
  if (fd == 1) note(CALL_SIGNAL, fd, 0, (int64_t)length, result, begin);
  errno = error;
  return result;
}

ssize_t read(int fd, void *memory, size_t length) {
  MAY_FAIL(CALL_CLEAR)
  return REAL(read)(fd, memory, length);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  struct rule rule = {0};
  if (BY_ADDON) rule = use(CALL_THREAD);
  return rule.action == FAIL ? rule.argument : REAL(pthread_create)(thread, attributes, start, argument);
}

// glibc's own functions. The dynamic linker itself allocates memory, so this may only check known
// code of the addon.
extern void *__libc_malloc(size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
static bool fails(const void *caller) { return known_addon(caller) && use(CALL_MALLOC).action == FAIL; }

void *malloc(size_t size) {
  if (!fails(__builtin_return_address(0))) return __libc_malloc(size);
  errno = ENOMEM;
  return NULL;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

static long submit(unsigned long context, long count, void **iocbs) {
  const struct rule rule = use(CALL_IO_SUBMIT);
  if (rule.action == FAIL) return failed(rule.argument);
  if (rule.action == SHORT && count > rule.argument) count = rule.argument;
  if (count == 0) return 0;
  if (is_emulated(context)) return emulated_submit(context, count, iocbs);
  return real_syscall(SYS_io_submit, (long)context, count, (long)iocbs, 0, 0, 0);
}

static long enter(int fd, long count) {
  const struct rule rule = use(CALL_URING_ENTER);
  if (rule.action == FAIL) return failed(rule.argument);
  if (rule.action == SHORT && count > rule.argument) count = rule.argument;
  if (rule.action == SHORT && count == 0) return 0;
  if (is_emulated((unsigned long)fd)) return count == 0 ? 0 : emulated_uring_enter(fd, count);
  return real_syscall(SYS_io_uring_enter, fd, count, 0, 0, 0, 0);
}

// Fails as planned, but closes the named file nevertheless.
static int close_named(int fd, const char *path) {
  const struct rule rule = use_at(CALL_CLOSE, path);
  const int result = REAL(close)(fd);
  return rule.action == FAIL ? failed(rule.argument) : result;
}

int close(int fd) {
  char memory[PATH_ROOM];
  if (is_named(path_at(fd, NULL, memory))) return close_named(fd, memory);
  if (fd > 0 && BY_ADDON && is_emulated((unsigned long)fd)) return (int)emulated_destroy((unsigned long)fd);
  return REAL(close)(fd);
}

// libuv's calls, and the addon's.
static long named_syscall(long number, long a[6]) {
  char memory[PATH_ROOM];
  struct rule rule = {0};
  switch (number) {
    case SYS_statx:
      if (is_named(path_at((int)a[0], (const char *)a[1], memory))) rule = use_at(CALL_STATX, memory);
      break;
    case SYS_openat2:
      if (is_named(path_at((int)a[0], (const char *)a[1], memory))) rule = use_at(CALL_OPENAT2, memory);
      break;
    case SYS_close:
      if (is_named(path_at((int)a[0], NULL, memory))) return close_named((int)a[0], memory);
      break;
    case SYS_copy_file_range:
      if (is_named(path_at((int)a[2], NULL, memory))) rule = use_at(CALL_COPY, memory);
      if (rule.action == SHORT && a[4] > rule.argument) a[4] = rule.argument;
      break;
  }
  if (rule.action == FAIL) return failed(rule.argument);
  return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  if (plan()->root[0] != '\0') return named_syscall(number, a);
  if (!BY_ADDON) return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  struct rule rule = {0};
  switch (number) {
    case SYS_io_setup:
      rule = use(CALL_IO_SETUP);
      if (rule.action == 0 && plan()->emulated) return emulated_setup((unsigned)a[0], (unsigned long *)a[1]);
      break;
    case SYS_io_destroy:
      if (is_emulated((unsigned long)a[0])) return emulated_destroy((unsigned long)a[0]);
      break;
    case SYS_io_submit: return submit((unsigned long)a[0], a[1], (void **)a[2]);
    case SYS_io_getevents:
      rule = use(CALL_IO_GETEVENTS);
      if (rule.action == 0 && is_emulated((unsigned long)a[0])) {
        return emulated_getevents((unsigned long)a[0], a[1], a[2], (void *)a[3], (void *)a[4]);
      }
      break;
    case SYS_io_uring_setup:
      rule = use(CALL_URING_SETUP);
      if (rule.action == 0 && plan()->emulated) return emulated_uring_setup((unsigned)a[0], (void *)a[1]);
      break;
    case SYS_io_uring_enter: return enter((int)a[0], a[1]);
    case SYS_io_uring_register:
      rule = use(CALL_URING_REGISTER);
      if (rule.action == 0 && is_emulated((unsigned long)a[0]))
        return emulated_uring_register((int)a[0], (unsigned)a[1], (void *)a[2]);
      break;
    case SYS_openat2: rule = use(CALL_OPENAT2); break;
  }
  if (rule.action == FAIL) return failed(rule.argument);
  return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
