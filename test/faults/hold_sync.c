// Interposed by LD_PRELOAD: every fsync and fdatasync reports that it starts, and waits for an
// answer that says how it ends. So does the second half of a durable write. CAIO_HOLD_EVENTS and
// CAIO_HOLD_ANSWERS name two FIFOs; an answer is one line, the errno to fail with, or 0 to really
// sync.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int events = -1;
static int answers = -1;

static void open_fifos(void) {
  events = open(getenv("CAIO_HOLD_EVENTS"), O_WRONLY | O_CLOEXEC);
  answers = open(getenv("CAIO_HOLD_ANSWERS"), O_RDONLY | O_CLOEXEC);
}

static int hold(const char *name, int fd) {
  const char *active = getenv("CAIO_HOLD_EVENTS");
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (!active || access(active, F_OK) != 0) return real(fd);
  pthread_once(&opened, open_fifos);
  dprintf(events, "%s\n", name);
  int error = 0;
  for (char c; read(answers, &c, 1) == 1 && c != '\n';) error = error * 10 + (c - '0');
  if (error == 0) return real(fd);
  errno = error;
  return -1;
}

int fsync(int fd) { return hold("fsync", fd); }
int fdatasync(int fd) { return hold("fdatasync", fd); }

ssize_t pwritev64v2(int fd, const struct iovec *memory, int count, off64_t offset, int flags) {
  const ssize_t written = syscall(SYS_pwritev2, fd, memory, (long)count, (long)offset, 0L, flags & ~RWF_DSYNC);
  return written >= 0 && (flags & RWF_DSYNC) && hold("fdatasync", fd) < 0 ? -1 : written;
}
