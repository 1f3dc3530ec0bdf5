// Stands for the kernel's AIO where a test wants a say in what it answers: the same ring, the same eventfd, and one thread a context
// that carries the requests out by ordinary system calls, as planned.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

struct ring {
  uint32_t id, nr, head, tail, magic, compat_features, incompat_features, header_length;
  struct io_event events[];
};

struct task {
  struct iocb command;
  struct iovec *vectors;
};

struct context {
  struct ring *ring;
  size_t bytes;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct task *tasks;
  uint32_t capacity, first, count;  // of tasks: submitted, not taken up yet
  uint32_t unfinished;              // submitted, no event yet
  bool ending;
  struct context *next;
};

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct context *contexts;

static struct context *find(unsigned long id) {
  pthread_mutex_lock(&list_mutex);
  struct context *context = contexts;
  while (context && (unsigned long)context->ring != id) context = context->next;
  pthread_mutex_unlock(&list_mutex);
  return context;
}

bool is_emulated(unsigned long id) { return find(id) != NULL; }

// The vectors, or one for the memory, no longer than `limit` bytes.
static int vectors_of(const struct task *task, long limit, struct iovec *out) {
  const struct iovec single = {(void *)(uintptr_t)task->command.aio_buf, task->command.aio_nbytes};
  const int given = task->vectors ? (int)task->command.aio_nbytes : 1;
  int used = 0;
  for (; used < given && limit > 0; used++) {
    out[used] = task->vectors ? task->vectors[used] : single;
    if ((long)out[used].iov_len > limit) out[used].iov_len = (size_t)limit;
    limit -= (long)out[used].iov_len;
  }
  return used;
}

static int64_t carry_out(const struct task *task, const struct rule *rule) {
  if (rule->action == FAIL) return -rule->argument;
  const struct iocb *command = &task->command;
  const int fd = (int)command->aio_fildes;
  struct iovec vectors[1024];
  const int count = vectors_of(task, rule->action == SHORT ? possible(fd, rule->argument) : 0x7fffffff, vectors);
  long number = SYS_preadv2;
  switch (command->aio_lio_opcode) {
    case IOCB_CMD_FSYNC:
    case IOCB_CMD_FDSYNC:
      number = command->aio_lio_opcode == IOCB_CMD_FSYNC ? SYS_fsync : SYS_fdatasync;
      return real_syscall(number, fd, 0, 0, 0, 0, 0) == 0 ? 0 : -errno;
    case IOCB_CMD_PWRITE:
    case IOCB_CMD_PWRITEV:
      number = SYS_pwritev2;
      break;
  }
  if (count == 0) return 0;
  const long result = real_syscall(number, fd, (long)vectors, count, (long)command->aio_offset, 0, command->aio_rw_flags);
  if (result >= 0) return result;
  const int error = errno;
  check_memory("io_submit", error);
  return -error;
}

static void signal_wake(const struct iocb *command) {
  const uint64_t one = 1;
  if (command->aio_flags & IOCB_FLAG_RESFD) real_syscall(SYS_write, command->aio_resfd, (long)&one, sizeof one, 0, 0, 0);
}

// The ring has a slot more than may be in flight, so it is never full.
static void post(struct context *context, const struct task *task, int64_t result) {
  struct ring *ring = context->ring;
  const uint32_t tail = ring->tail;
  ring->events[tail] = (struct io_event){task->command.aio_data, (uintptr_t)&task->command, result, 0};
  __atomic_store_n(&ring->tail, (tail + 1) % ring->nr, __ATOMIC_RELEASE);
}

static void *serve(void *data) {
  struct context *context = data;
  pthread_mutex_lock(&context->mutex);
  for (;;) {
    while (context->count == 0 && !context->ending) pthread_cond_wait(&context->changed, &context->mutex);
    if (context->count == 0) break;
    struct task task = context->tasks[context->first];
    context->first = (context->first + 1) % context->capacity;
    context->count--;
    pthread_mutex_unlock(&context->mutex);
    const struct rule rule = use(CALL_EVENT);
    if (rule.action == SPURIOUS) signal_wake(&task.command);
    const int64_t result = carry_out(&task, &rule);
    free(task.vectors);
    pthread_mutex_lock(&context->mutex);
    post(context, &task, result);
    context->unfinished--;
    pthread_cond_broadcast(&context->changed);
    pthread_mutex_unlock(&context->mutex);
    if (rule.action == LATE_WAKE) {
      const struct timespec time = {0, rule.argument * 1000L};
      nanosleep(&time, NULL);
    }
    signal_wake(&task.command);
    pthread_mutex_lock(&context->mutex);
  }
  pthread_mutex_unlock(&context->mutex);
  return NULL;
}

long emulated_setup(unsigned events, unsigned long *id) {
  struct context *context = calloc(1, sizeof *context);
  context->capacity = events;
  context->tasks = calloc(events, sizeof *context->tasks);
  context->bytes = sizeof(struct ring) + (events + 1) * sizeof(struct io_event);
  context->ring = mmap(NULL, context->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  context->ring->nr = events + 1;
  context->ring->magic = plan()->emulated == 2 ? 0 : 0xa10a10a1;
  context->ring->header_length = sizeof(struct ring);
  pthread_mutex_init(&context->mutex, NULL);
  pthread_cond_init(&context->changed, NULL);
  pthread_create(&context->thread, NULL, serve, context);
  pthread_mutex_lock(&list_mutex);
  context->next = contexts;
  contexts = context;
  pthread_mutex_unlock(&list_mutex);
  *id = (unsigned long)context->ring;
  return 0;
}

// As the kernel's: waits for what is under way.
long emulated_destroy(unsigned long id) {
  struct context *context = find(id);
  pthread_mutex_lock(&context->mutex);
  context->ending = true;
  pthread_cond_broadcast(&context->changed);
  pthread_mutex_unlock(&context->mutex);
  pthread_join(context->thread, NULL);
  pthread_mutex_lock(&list_mutex);
  struct context **link = &contexts;
  while (*link != context) link = &(*link)->next;
  *link = context->next;
  pthread_mutex_unlock(&list_mutex);
  munmap(context->ring, context->bytes);
  free(context->tasks);
  free(context);
  return 0;
}

long emulated_submit(unsigned long id, long count, void **iocbs) {
  struct context *context = find(id);
  long taken = 0;
  int error = 0;
  pthread_mutex_lock(&context->mutex);
  for (; taken < count; taken++) {
    const struct iocb *command = iocbs[taken];
    const struct rule rule = use(CALL_IOCB);
    error = rule.action == FAIL ? rule.argument : context->unfinished == context->capacity ? EAGAIN : 0;
    if (error != 0) break;
    struct task task = {*command, NULL};
    const bool vectored = command->aio_lio_opcode == IOCB_CMD_PREADV || command->aio_lio_opcode == IOCB_CMD_PWRITEV;
    if (vectored) {
      // The list is copied when it is submitted; the memory that it names is not.
      const size_t bytes = command->aio_nbytes * sizeof(struct iovec);
      task.vectors = malloc(bytes);
      memcpy(task.vectors, (void *)(uintptr_t)command->aio_buf, bytes);
    }
    context->tasks[(context->first + context->count) % context->capacity] = task;
    context->count++;
    context->unfinished++;
  }
  pthread_cond_broadcast(&context->changed);
  pthread_mutex_unlock(&context->mutex);
  if (taken > 0 || error == 0) return taken;
  errno = error;
  return -1;
}

long emulated_getevents(unsigned long id, long at_least, long at_most, void *out, const void *timeout) {
  struct context *context = find(id);
  struct ring *ring = context->ring;
  struct io_event *events = out;
  const struct timespec *limit = timeout;
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  if (limit) {
    deadline.tv_sec += limit->tv_sec + (deadline.tv_nsec + limit->tv_nsec) / 1000000000;
    deadline.tv_nsec = (deadline.tv_nsec + limit->tv_nsec) % 1000000000;
  }
  long count = 0;
  pthread_mutex_lock(&context->mutex);
  for (;;) {
    while (count < at_most && ring->head != ring->tail) {
      events[count++] = ring->events[ring->head];
      ring->head = (ring->head + 1) % ring->nr;
    }
    if (count >= at_least) break;
    if (pthread_cond_timedwait(&context->changed, &context->mutex, &deadline) == ETIMEDOUT) break;
  }
  pthread_mutex_unlock(&context->mutex);
  return count;
}
