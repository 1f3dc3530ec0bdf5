// Emulates the kernel's AIO, and its io_uring, for tests that control the results: the same rings,
// the same eventfd, and one thread per context that serves the requests by ordinary system calls,
// as planned.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stddef.h>
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

enum { MOST_SQES = 64 };

struct task {
  struct iocb command;
  struct iovec *vectors;
};

// Queues of an io_uring, in a file that the addon maps like the kernel's.
struct queues {
  uint32_t sq_head, sq_tail, sq_mask, sq_entries, cq_head, cq_tail, cq_mask, cq_entries;
  uint32_t array[64];
  struct io_uring_cqe cqes[];
};

struct context {
  unsigned long id;
  struct ring *ring;
  struct queues *queues;  // in its place, of an io_uring
  struct io_uring_sqe *sqes;
  int signal_fd;
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
  while (context && context->id != id) context = context->next;
  pthread_mutex_unlock(&list_mutex);
  return context;
}

bool is_emulated(unsigned long id) { return find(id) != NULL; }

// The request's vectors, or one for its memory, no longer than `limit` bytes.
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
    case IOCB_CMD_PWRITEV: number = SYS_pwritev2; break;
  }
  if (count == 0) return 0;
  const long result =
      real_syscall(number, fd, (long)vectors, count, (long)command->aio_offset, 0, command->aio_rw_flags);
  if (result >= 0) return result;
  const int error = errno;
  check_memory("io_submit", error);
  return -error;
}

static void signal_wake(const struct iocb *command) {
  const uint64_t one = 1;
  if (command->aio_flags & IOCB_FLAG_RESFD)
    real_syscall(SYS_write, command->aio_resfd, (long)&one, sizeof one, 0, 0, 0);
}

// The ring has one slot more than may be in flight, so it is never full.
static void post(struct context *context, const struct task *task, int64_t result) {
  struct queues *queues = context->queues;
  if (queues) {
    queues->cqes[queues->cq_tail & queues->cq_mask] =
        (struct io_uring_cqe){.user_data = task->command.aio_data, .res = (int32_t)result};
    __atomic_store_n(&queues->cq_tail, queues->cq_tail + 1, __ATOMIC_RELEASE);
    return;
  }
  struct ring *ring = context->ring;
  const uint32_t tail = ring->tail;
  ring->events[tail] = (struct io_event){task->command.aio_data, (uintptr_t)&task->command, result, 0};
  __atomic_store_n(&ring->tail, (tail + 1) % ring->nr, __ATOMIC_RELEASE);
}

static void dispose(struct context *context) {
  if (context->queues) {
    munmap(context->sqes, MOST_SQES * sizeof *context->sqes);
    munmap(context->queues, context->bytes);
  } else {
    munmap(context->ring, context->bytes);
  }
  free(context->tasks);
  free(context);
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
    // An io_uring signals the eventfd registered at completion.
    if (context->queues && context->signal_fd >= 0) {
      task.command.aio_flags = IOCB_FLAG_RESFD;
      task.command.aio_resfd = (uint32_t)context->signal_fd;
    }
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
  if (context->queues) dispose(context);
  return NULL;
}

static void begin(struct context *context, unsigned long id, unsigned capacity) {
  context->id = id;
  context->signal_fd = -1;
  context->capacity = capacity;
  context->tasks = calloc(capacity, sizeof *context->tasks);
  pthread_mutex_init(&context->mutex, NULL);
  pthread_cond_init(&context->changed, NULL);
  pthread_create(&context->thread, NULL, serve, context);
  pthread_mutex_lock(&list_mutex);
  context->next = contexts;
  contexts = context;
  pthread_mutex_unlock(&list_mutex);
}

long emulated_setup(unsigned events, unsigned long *id) {
  if (events == 0) {
    errno = EINVAL;
    return -1;
  }
  struct context *context = calloc(1, sizeof *context);
  context->bytes = sizeof(struct ring) + (events + 1) * sizeof(struct io_event);
  context->ring = mmap(NULL, context->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  context->ring->nr = events + 1;
  context->ring->magic = plan()->emulated == 2 ? 0 : 0xa10a10a1;
  context->ring->header_length = sizeof(struct ring);
  *id = (unsigned long)context->ring;
  begin(context, *id, events);
  return 0;
}

long emulated_uring_setup(unsigned entries, void *out) {
  struct io_uring_params *params = out;
  if (entries > MOST_SQES) return errno = EINVAL, -1;
  struct context *context = calloc(1, sizeof *context);
  const unsigned capacity = params->cq_entries;
  const size_t sqes = entries * sizeof(struct io_uring_sqe);
  const int fd = memfd_create("emulated io_uring", MFD_CLOEXEC);
  context->bytes = sizeof(struct queues) + capacity * sizeof(struct io_uring_cqe);
  if (fd < 0 || ftruncate(fd, (off_t)(IORING_OFF_SQES + sqes)) != 0) return -1;
  context->queues = mmap(NULL, context->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  context->sqes = mmap(NULL, sqes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
  context->queues->sq_mask = entries - 1;
  context->queues->sq_entries = entries;
  context->queues->cq_mask = capacity - 1;
  context->queues->cq_entries = capacity;
  params->sq_entries = entries;
  params->features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP;
#define AT(field) offsetof(struct queues, field)
  params->sq_off = (struct io_sqring_offsets){.head = AT(sq_head),
                                              .tail = AT(sq_tail),
                                              .ring_mask = AT(sq_mask),
                                              .ring_entries = AT(sq_entries),
                                              .array = AT(array)};
  params->cq_off = (struct io_cqring_offsets){.head = AT(cq_head),
                                              .tail = AT(cq_tail),
                                              .ring_mask = AT(cq_mask),
                                              .ring_entries = AT(cq_entries),
                                              .cqes = AT(cqes)};
  begin(context, (unsigned long)fd, capacity);
  return fd;
}

long emulated_uring_register(int fd, unsigned what, void *argument) {
  struct context *context = find((unsigned long)fd);
  if (what == IORING_REGISTER_PROBE) {
    struct io_uring_probe *probe = argument;
    for (int i = 0; i <= IORING_OP_WRITE; i++) probe->ops[i].flags = IO_URING_OP_SUPPORTED;
    return 0;
  }
  pthread_mutex_lock(&context->mutex);
  context->signal_fd = *(int *)argument;
  pthread_mutex_unlock(&context->mutex);
  return 0;
}

// As the kernel's: waits for requests in flight. Closing an io_uring does not, and its thread
// continues alone.
long emulated_destroy(unsigned long id) {
  struct context *context = find(id);
  const bool waits = !context->queues;
  const pthread_t thread = context->thread;
  pthread_mutex_lock(&list_mutex);
  struct context **link = &contexts;
  while (*link != context) link = &(*link)->next;
  *link = context->next;
  pthread_mutex_unlock(&list_mutex);
  pthread_mutex_lock(&context->mutex);
  context->ending = true;
  pthread_cond_broadcast(&context->changed);
  pthread_mutex_unlock(&context->mutex);
  if (!waits) {
    pthread_detach(thread);
    return real_syscall(SYS_close, (long)id, 0, 0, 0, 0, 0);
  }
  pthread_join(thread, NULL);
  dispose(context);
  return 0;
}

// Called with the lock held.
static void take(struct context *context, const struct iocb *command) {
  struct task task = {*command, NULL};
  const bool vectored = command->aio_lio_opcode == IOCB_CMD_PREADV || command->aio_lio_opcode == IOCB_CMD_PWRITEV;
  if (vectored) {
    // Submission copies the list, but not the memory that it names.
    const size_t bytes = command->aio_nbytes * sizeof(struct iovec);
    task.vectors = malloc(bytes);
    memcpy(task.vectors, (void *)(uintptr_t)command->aio_buf, bytes);
  }
  context->tasks[(context->first + context->count) % context->capacity] = task;
  context->count++;
  context->unfinished++;
}

static struct iocb as_iocb(const struct io_uring_sqe *sqe) {
  uint16_t opcode = IOCB_CMD_NOOP;
  switch (sqe->opcode) {
    case IORING_OP_READ: opcode = IOCB_CMD_PREAD; break;
    case IORING_OP_WRITE: opcode = IOCB_CMD_PWRITE; break;
    case IORING_OP_READV: opcode = IOCB_CMD_PREADV; break;
    case IORING_OP_WRITEV: opcode = IOCB_CMD_PWRITEV; break;
    case IORING_OP_FSYNC: opcode = sqe->fsync_flags & IORING_FSYNC_DATASYNC ? IOCB_CMD_FDSYNC : IOCB_CMD_FSYNC; break;
  }
  return (struct iocb){.aio_data = sqe->user_data,
                       .aio_lio_opcode = opcode,
                       .aio_fildes = (uint32_t)sqe->fd,
                       .aio_buf = sqe->addr,
                       .aio_nbytes = sqe->len,
                       .aio_offset = (int64_t)sqe->off,
                       .aio_rw_flags = (int)sqe->rw_flags};
}

// As the kernel's: a bad request is taken and answered, and ends the call.
long emulated_uring_enter(int fd, long count) {
  struct context *context = find((unsigned long)fd);
  struct queues *queues = context->queues;
  long taken = 0;
  bool bad = false;
  pthread_mutex_lock(&context->mutex);
  const uint32_t tail = __atomic_load_n(&queues->sq_tail, __ATOMIC_ACQUIRE);
  for (; taken < count && queues->sq_head != tail && !bad; taken++) {
    const struct iocb command = as_iocb(&context->sqes[queues->array[queues->sq_head & queues->sq_mask]]);
    const struct rule rule = use(CALL_IOCB);
    bad = rule.action == FAIL;
    if (bad) {
      const struct task task = {command, NULL};
      post(context, &task, -rule.argument);
    } else {
      take(context, &command);
    }
    __atomic_store_n(&queues->sq_head, queues->sq_head + 1, __ATOMIC_RELEASE);
  }
  pthread_cond_broadcast(&context->changed);
  pthread_mutex_unlock(&context->mutex);
  return taken;
}

int emulated_uring_poll(int fd, int milliseconds) {
  struct context *context = find((unsigned long)fd);
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += milliseconds / 1000 + 1;
  int ready;
  pthread_mutex_lock(&context->mutex);
  while (!(ready = context->queues->cq_head != context->queues->cq_tail)) {
    if (pthread_cond_timedwait(&context->changed, &context->mutex, &deadline) == ETIMEDOUT) break;
  }
  pthread_mutex_unlock(&context->mutex);
  return ready;
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
    take(context, command);
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
