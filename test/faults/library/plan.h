// Planned faults, in memory shared by the test and the process under test. test/faults/plan.ts has
// the same layout.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum call {
  CALL_IO_SETUP,
  CALL_IO_SUBMIT,
  CALL_IO_GETEVENTS,
  CALL_URING_SETUP,
  CALL_URING_ENTER,
  CALL_URING_REGISTER,
  CALL_IOCB,   // one of a submission, as the kernel looks at it
  CALL_EVENT,  // one request of a submission, as the kernel carries it out
  CALL_PREADV2,
  CALL_PWRITEV2,
  CALL_PREAD,
  CALL_PWRITE,
  CALL_PREADV,
  CALL_PWRITEV,
  CALL_FSYNC,
  CALL_FDATASYNC,
  CALL_SYNC_FILE_RANGE,
  CALL_FTRUNCATE,
  CALL_OPEN,
  CALL_OPENAT2,
  CALL_STAT,
  CALL_FSTAT,
  CALL_FCNTL,
  CALL_EVENTFD,
  CALL_SIGNAL,  // write(2) to the eventfd
  CALL_CLEAR,   // read(2) from the eventfd
  CALL_POLL,
  CALL_THREAD,  // pthread_create
  CALL_MALLOC,
  CALL_STATX,
  CALL_MEMFD,
  // On names: see names.c.
  CALL_RENAME,
  CALL_LINK,
  CALL_SYMLINK,
  CALL_READLINK,
  CALL_UNLINK,  // unlinkat, too
  CALL_MKDIR,
  CALL_RMDIR,  // unlinkat, too
  CALL_CHMOD,  // fchmod, too
  CALL_CHOWN,  // lchown and fchown, too
  CALL_UTIMES,
  CALL_OPENDIR,  // a directory that is opened; scandir
  CALL_READDIR,
  CALL_MKDTEMP,
  CALL_REALPATH,
  CALL_ACCESS,
  CALL_STATFS,
  CALL_COPY,  // sendfile and copy_file_range
  CALL_CLOSE,
  CALLS
};

enum action {
  FAIL = 1,   // with the errno `argument`, nothing done
  SHORT,      // at most `argument` bytes, or requests of an io_submit or io_uring_enter
  HOLD,       // until the test releases, or `argument` milliseconds have passed
  LATE,       // `argument` microseconds before it is done
  LATE_WAKE,  // done, and signalled `argument` microseconds later
  SPURIOUS,   // and a wake-up more than there are completions
};

struct rule {
  int32_t call, first, count, action, argument;
};

struct entry {  // of the log
  int32_t call, fd, result, begin, end, unused;
  int64_t offset, length;
};

// A call on a name, as made.
struct named {
  int32_t call;
  char path[252];
};

enum { MOST_RULES = 16, MOST_ENTRIES = 16384, MOST_CALLS = 64, MOST_NAMED = 2048 };

struct plan {
  int32_t armed;  // calls are counted and rules obeyed
  // Contexts are emulated: 1 with the ring that the engine knows, 2 with one that needs
  // io_getevents. An io_uring has only one.
  int32_t emulated;
  int32_t rule_count;
  int32_t held;      // calls held at present
  int32_t released;  // calls go on that are held
  int32_t lost;      // transfers whose memory was gone
  int32_t logging;
  int32_t clock;
  int64_t inode;  // calls by others than the addon on this file count, too
  int32_t uses[MOST_CALLS];
  int32_t injected[MOST_CALLS];
  struct rule rules[MOST_RULES];
  int32_t entries;
  int32_t unused;
  struct entry log[MOST_ENTRIES];
  // With a root, only calls on paths below it count, whoever makes them. Rules then apply to
  // `place` alone, whose uses are counted here.
  char root[256];
  char place[256];
  int32_t uses_of_place[MOST_CALLS];
  int32_t named_count;
  struct named named[MOST_NAMED];
};

struct plan *plan(void);

// Whether the caller is in the addon.
bool by_addon(const void *return_address);
// The same, without searching for it: false until the addon has made another call.
bool known_addon(const void *return_address);

// Counts one use and follows its rule, including holds and delays. Returns what is left to do:
// `action` FAIL or SHORT, or 0.
struct rule use(enum call call);

// Whether a path is below the plan's root.
bool is_named(const char *path);
// As `use`, for a call on that path.
struct rule use_at(enum call call, const char *path);

enum { PATH_ROOM = 4096 };
// The path of a name in a directory, or of a descriptor if there is no name. Empty if the plan has no root.
const char *path_at(int directory, const char *name, char *memory);

// Points in time for the log; and a log entry for what happened between two.
int32_t tick(void);
void note(enum call call, int fd, int64_t offset, int64_t length, int64_t result, int32_t begin);

// Checks the result of a transfer: EFAULT means that its memory had been freed.
void check_memory(const char *name, int64_t error);

// The shortest possible transfer for a limit of `bytes`.
int32_t possible(int fd, int32_t bytes);

// The real system call.
long real_syscall(long number, long a, long b, long c, long d, long e, long f);

// Emulation of the kernel's AIO: emulated_io.c. Results as of system calls, -1 and errno.
bool is_emulated(unsigned long context);
long emulated_setup(unsigned events, unsigned long *context);
long emulated_destroy(unsigned long context);
long emulated_submit(unsigned long context, long count, void **iocbs);
long emulated_getevents(unsigned long context, long at_least, long at_most, void *events, const void *timeout);

// The same for an io_uring, whose context is its descriptor.
long emulated_uring_setup(unsigned entries, void *params);
long emulated_uring_enter(int fd, long count);
long emulated_uring_register(int fd, unsigned what, void *argument);
int emulated_uring_poll(int fd, int milliseconds);
