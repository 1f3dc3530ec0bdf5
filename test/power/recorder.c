// A disk whose writes and flushes are recorded, and which can be put into the states that a power cut
// may leave: one file in a FUSE file system, spoken directly with /dev/fuse, and a loop device on it,
// whose flushes arrive as fsync. All of it is in memory.
//
//   attach MEGABYTES SECTOR       makes the disk; SECTOR bytes are written whole or not at all
//   make COMMAND [ARGUMENT …]     runs mkfs, with the device as its last argument; each record starts
//                                 with the disk as it is then
//   record US TYPE OPTIONS        mounts a fresh disk at HOME/disk, and records; each flush takes so
//                                 many microseconds. OPTIONS as for mount(2), or "-"
//   stop                          unmounts. HOME/flushes has a line for each answered flush: its event
//   cut EVENT MODE SEED           mounts the disk in a state that a power cut before this event may
//                                 leave. EVENT never decreases
//
// An event is the arrival or the answer of a write or a flush. The first eight bytes of HOME/now count
// them. A flush covers the writes that were answered before it arrived; MODE is the fate of the other
// writes that had arrived, see chosen(). The answer to each command is `done` or `failed WHY`.
#include "../held/helper.h"

#include <linux/fuse.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define FILE_NODE 2
#define FILE_NAME "disk.img"
#define BLOCK 4096u
#define MAX_WRITE (1u << 20)
#define REQUEST_ROOM (MAX_WRITE + 65536)
#define THREADS 4
#define NEVER UINT64_MAX

struct write_event {
  uint64_t offset, came, answered;
  uint32_t size;
  int in_base;  // whether `base` has it
  char *data;
};

struct flush_event {
  uint64_t came, answered;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[THREADS];
static int device = -1, loop = -1;
static char home[400], mounted_fuse[512], mounted_disk[512], loop_path[64];
static char type[32], mount_options[256];

// The disk as mkfs left it, as it was certainly durable at the last cut, and as it is.
static uint64_t size;
static uint32_t sector;
static char *fresh, *base, *image;
// The blocks in which `image` may differ from `base`, and those in which `base` may differ from `fresh`.
static struct blocks {
  uint8_t *is_in;
  uint32_t *list;
  size_t count;
} dirty, touched;

static int recording;
static long latency_us;
static uint64_t *events;  // HOME/now
static struct write_event *writes;
static size_t write_count, write_room, first_outside;
static struct flush_event *flushes;
static size_t flush_count, flush_room;
static uint64_t last_cut;

static char *memory(uint64_t bytes) {
  char *start = (char *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) abort();
  return start;
}

static void *grown(void *list, size_t count, size_t *room, size_t each) {
  if (count < *room) return list;
  *room = *room * 2 + 1024;
  list = realloc(list, *room * each);
  if (!list) abort();
  return list;
}

static void add_blocks(struct blocks *blocks, uint64_t offset, uint64_t length) {
  for (uint64_t at = offset / BLOCK; at < (offset + length + BLOCK - 1) / BLOCK; at++) {
    if (blocks->is_in[at]) continue;
    blocks->is_in[at] = 1;
    blocks->list[blocks->count++] = (uint32_t)at;
  }
}

// Copies these blocks of `from` to `to`.
static void copy_blocks(struct blocks *blocks, char *to, const char *from) {
  for (size_t i = 0; i < blocks->count; i++) {
    const uint64_t at = blocks->list[i];
    memcpy(to + at * BLOCK, from + at * BLOCK, BLOCK);
    blocks->is_in[at] = 0;
  }
  blocks->count = 0;
}

static void put(uint64_t offset, const char *data, uint32_t length) {
  memcpy(image + offset, data, length);
  add_blocks(&dirty, offset, length);
}

// --- the file system: called by the threads, under the mutex

static void reply(const struct fuse_in_header *request, int error, const void *data, size_t length) {
  struct fuse_out_header header = {
      .len = (uint32_t)(sizeof header + length), .error = -error, .unique = request->unique};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)data, length}};
  if (writev(device, parts, length ? 2 : 1) < 0 && errno != ENOENT && !stopped)
    fprintf(stderr, "recorder: answering %u: %s\n", request->opcode, strerror(errno));
}

static struct fuse_attr attributes(uint64_t node) {
  if (node != FILE_NODE) return (struct fuse_attr){.ino = node, .mode = S_IFDIR | 0755, .nlink = 2, .blksize = BLOCK};
  return (struct fuse_attr){
      .ino = node, .size = size, .blocks = size / 512, .mode = S_IFREG | 0600, .nlink = 1, .blksize = BLOCK};
}

static void write_came(const struct fuse_in_header *request, const struct fuse_write_in *in) {
  const char *data = (const char *)(in + 1);
  const struct fuse_write_out out = {.size = in->size};
  if (in->offset > size || in->size > size - in->offset) return reply(request, ENOSPC, NULL, 0);
  if (recording) {
    writes = (struct write_event *)grown(writes, write_count, &write_room, sizeof *writes);
    char *copy = (char *)malloc(in->size);
    if (!copy) return reply(request, ENOMEM, NULL, 0);
    memcpy(copy, data, in->size);
    // Both events at once, so that nothing can come between them.
    writes[write_count++] = (struct write_event){
        .offset = in->offset, .came = *events, .answered = *events + 1, .size = in->size, .data = copy};
    *events += 2;
  }
  put(in->offset, data, in->size);
  reply(request, 0, &out, sizeof out);
}

static void flush_came(const struct fuse_in_header *request) {
  if (recording) {
    const uint64_t came = (*events)++;
    const struct timespec time = {latency_us / 1000000, latency_us % 1000000 * 1000};
    pthread_mutex_unlock(&mutex);
    nanosleep(&time, NULL);
    pthread_mutex_lock(&mutex);
    flushes = (struct flush_event *)grown(flushes, flush_count, &flush_room, sizeof *flushes);
    flushes[flush_count++] = (struct flush_event){came, (*events)++};
  }
  reply(request, 0, NULL, 0);
}

static void init(const struct fuse_in_header *request, const struct fuse_init_in *in) {
  // An older minor number, so that only these requests come.
  struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = in->max_readahead};
  out.flags = in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES);
  out.max_background = 64, out.congestion_threshold = 64, out.time_gran = 1;
  out.max_write = MAX_WRITE, out.max_pages = MAX_WRITE / 4096;
  reply(request, 0, &out, sizeof out);
}

static void handle(const struct fuse_in_header *request, const char *body) {
  switch (request->opcode) {
    case FUSE_INIT: return init(request, (const struct fuse_init_in *)body);
    case FUSE_LOOKUP: {
      if (strcmp(body, FILE_NAME) != 0) return reply(request, ENOENT, NULL, 0);
      const struct fuse_entry_out out = {.nodeid = FILE_NODE, .entry_valid = 3600, .attr = attributes(FILE_NODE)};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_GETATTR: {
      const struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes(request->nodeid)};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_OPEN: {
      const struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_READ: {
      const struct fuse_read_in *in = (const struct fuse_read_in *)body;
      const uint64_t left = in->offset < size ? size - in->offset : 0;
      return reply(request, 0, image + (left ? in->offset : 0), left < in->size ? left : in->size);
    }
    case FUSE_WRITE: return write_came(request, (const struct fuse_write_in *)body);
    case FUSE_FSYNC: return flush_came(request);
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_DESTROY: return reply(request, 0, NULL, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;
    // fallocate, too: the loop driver then does without discards, and zeros come as writes.
    default: return reply(request, ENOSYS, NULL, 0);
  }
}

static void *serve(void *unused) {
  (void)unused;
  char *room = memory(REQUEST_ROOM + 1);
  for (;;) {
    const ssize_t length = read(device, room, REQUEST_ROOM);
    if (length < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (length < 0) return NULL;
    room[length] = '\0';
    const struct fuse_in_header *request = (const struct fuse_in_header *)room;
    pthread_mutex_lock(&mutex);
    handle(request, room + sizeof *request);
    pthread_mutex_unlock(&mutex);
  }
}

// --- what the commands do: on the main thread

static int mount_file(void) {
  char point[512], options[128];
  snprintf(point, sizeof point, "%s/fuse", home);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return errno;
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (mkdir(point, 0700) != 0) return errno;
  if (mount("caio-power", point, "fuse", MS_NOSUID | MS_NODEV, options) != 0) return errno;
  strcpy(mounted_fuse, point);
  for (int i = 0; i < THREADS; i++) {
    const int error = pthread_create(&threads[i], NULL, serve, NULL);
    if (error) return error;
  }
  return 0;
}

static int attach_loop(void) {
  char path[600];
  snprintf(path, sizeof path, "%s/" FILE_NAME, mounted_fuse);
  const int file = open(path, O_RDWR | O_CLOEXEC), control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  int error = file < 0 || control < 0 ? errno : EBUSY;
  for (int attempt = 0; error == EBUSY && attempt < 100; attempt++) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    snprintf(loop_path, sizeof loop_path, "/dev/loop%d", number);
    if (number < 0 || (loop = open(loop_path, O_RDWR | O_CLOEXEC)) < 0) {
      error = errno;
      break;
    }
    // It goes with its last user. The file bypasses the page cache whether the loop device asks for
    // that or not.
    const struct loop_config config = {.fd = (uint32_t)file,
                                       .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO}};
    error = ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : errno;
    if (error) close(loop), loop = -1;
  }
  if (file >= 0) close(file);
  if (control >= 0) close(control);
  return error;
}

static int attach(uint64_t bytes, uint32_t whole) {
  char path[512];
  if (device >= 0 || bytes == 0 || whole == 0) return EINVAL;
  size = bytes, sector = whole;
  fresh = memory(size), base = memory(size), image = memory(size);
  for (struct blocks *blocks = &dirty;; blocks = &touched) {
    *blocks = (struct blocks){(uint8_t *)memory(size / BLOCK), (uint32_t *)memory(size / BLOCK * sizeof(uint32_t)), 0};
    if (blocks == &touched) break;
  }
  snprintf(path, sizeof path, "%s/now", home);
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, BLOCK) != 0) return errno;
  events = (uint64_t *)mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (events == MAP_FAILED) return errno;
  const int error = mount_file();
  return error ? error : attach_loop();
}

// Drops everything of the disk from the page cache.
static int forget_cache(void) { return fsync(loop) == 0 && ioctl(loop, BLKFLSBUF, 0) == 0 ? 0 : errno; }

static int make(char *command) {
  // Its output must not mix with the answers.
  const char *arguments[32] = {"sh", "-c", "\"$@\" >/dev/null", "make", command};
  size_t count = 5;
  while (count < 30 && (arguments[count] = strtok(NULL, " "))) count++;
  arguments[count++] = loop_path, arguments[count] = NULL;
  if (loop < 0) return ENODEV;
  if (run(arguments) != 0) return EIO;
  const int error = forget_cache();
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < dirty.count; i++) {
    const uint64_t at = dirty.list[i] * (uint64_t)BLOCK;
    memcpy(fresh + at, image + at, BLOCK);
  }
  copy_blocks(&dirty, base, image);
  pthread_mutex_unlock(&mutex);
  return error;
}

// A new mount namespace keeps a copy of the mount, and the file system alive: mounted again it
// would be unchanged.
static int wait_until_free(void) {
  for (int waited = 0; waited < 60000; waited += 5) {
    const int fd = open(loop_path, O_RDONLY | O_EXCL | O_CLOEXEC);
    if (fd >= 0) return close(fd) == 0 ? 0 : errno;
    if (errno != EBUSY) return errno;
    poll(NULL, 0, 5);
  }
  return EBUSY;
}

static int unmount_disk(void) {
  if (!mounted_disk[0]) return 0;
  if (umount2(mounted_disk, 0) != 0) return errno;
  mounted_disk[0] = '\0';
  const int error = wait_until_free();
  return error ? error : forget_cache();
}

static int mount_disk(void) {
  char point[512];
  snprintf(point, sizeof point, "%s/disk", home);
  if (mkdir(point, 0700) != 0 && errno != EEXIST) return errno;
  if (mount(loop_path, point, type, MS_NOATIME, mount_options) != 0) return errno;
  strcpy(mounted_disk, point);
  return 0;
}

static int record(long us, const char *file_system, const char *options) {
  const int error = unmount_disk();
  if (error) return error;
  pthread_mutex_lock(&mutex);
  copy_blocks(&dirty, image, base);
  for (size_t i = 0; i < touched.count; i++) {
    const uint64_t at = touched.list[i] * (uint64_t)BLOCK;
    memcpy(image + at, fresh + at, BLOCK);
  }
  copy_blocks(&touched, base, fresh);
  for (size_t i = 0; i < write_count; i++) free(writes[i].data);
  write_count = flush_count = first_outside = 0;
  last_cut = *events = 0;
  latency_us = us;
  recording = 1;
  pthread_mutex_unlock(&mutex);
  snprintf(type, sizeof type, "%s", file_system);
  snprintf(mount_options, sizeof mount_options, "%s", strcmp(options, "-") == 0 ? "" : options);
  return mount_disk();
}

static int stop_recording(void) {
  char path[512];
  const int error = unmount_disk();
  if (error) return error;
  pthread_mutex_lock(&mutex);
  recording = 0;
  // Cuts start from the fresh disk.
  copy_blocks(&dirty, image, base);
  pthread_mutex_unlock(&mutex);
  snprintf(path, sizeof path, "%s/flushes", home);
  FILE *file = fopen(path, "we");
  if (!file) return errno;
  for (size_t i = 0; i < flush_count; i++) fprintf(file, "%lu\n", (unsigned long)flushes[i].answered);
  return fclose(file) == 0 ? 0 : errno;
}

static uint64_t random_state;

static uint64_t random_below(uint64_t limit) {
  // splitmix64
  uint64_t mixed = (random_state += 0x9e3779b97f4a7c15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return (mixed ^ (mixed >> 31)) % limit;
}

// Whether the disk has the write at index `at`, oldest first, of the `count` that no flush covers.
static int chosen(const char *mode, size_t at, size_t count, size_t picked) {
  if (strcmp(mode, "all") == 0) return 1;
  if (strcmp(mode, "random") == 0) return (int)random_below(2);
  if (strcmp(mode, "prefix") == 0) return at <= picked;
  if (strcmp(mode, "but-one") == 0) return at != picked;
  // Old writes are likely to be there, new ones are not.
  if (strcmp(mode, "older") == 0) return random_below(count) >= at;
  return 0;
}

static void put_torn(const struct write_event *event) {
  for (uint32_t at = 0; at < event->size; at += sector) {
    const uint32_t left = event->size - at;
    if (random_below(2)) put(event->offset + at, event->data + at, left < sector ? left : sector);
  }
}

// Makes `image` a possible state after a power cut before this event.
static void build(uint64_t event, const char *mode, uint64_t seed) {
  uint64_t covered = 0;
  for (size_t i = 0; i < flush_count; i++) {
    if (flushes[i].answered < event && flushes[i].came > covered) covered = flushes[i].came;
  }
  copy_blocks(&dirty, image, base);
  size_t outside = 0;
  for (size_t i = first_outside; i < write_count && writes[i].came < event; i++) {
    struct write_event *each = &writes[i];
    if (!each->in_base && each->answered < covered) {
      memcpy(base + each->offset, each->data, each->size);
      memcpy(image + each->offset, each->data, each->size);
      add_blocks(&touched, each->offset, each->size);
      each->in_base = 1;
    }
    if (!each->in_base) outside++;
  }
  while (first_outside < write_count && writes[first_outside].in_base) first_outside++;
  random_state = seed;
  const size_t picked = random_below(outside + 1);
  size_t at = 0;
  for (size_t i = first_outside; i < write_count && writes[i].came < event; i++) {
    if (writes[i].in_base) continue;
    if (strcmp(mode, "torn") == 0)
      put_torn(&writes[i]);
    else if (chosen(mode, at++, outside, picked))
      put(writes[i].offset, writes[i].data, writes[i].size);
  }
}

static int cut(uint64_t event, const char *mode, uint64_t seed) {
  const int error = recording || event < last_cut ? EINVAL : unmount_disk();
  if (error) return error;
  last_cut = event;
  pthread_mutex_lock(&mutex);
  build(event, mode, seed);
  pthread_mutex_unlock(&mutex);
  return mount_disk();
}

static int obey(char *line) {
  const char *command = strtok(line, " ");
  char *first = strtok(NULL, " ");
  if (!command || !first) return command && strcmp(command, "stop") == 0 ? stop_recording() : EINVAL;
  if (strcmp(command, "make") == 0) return make(first);
  const char *second = strtok(NULL, " "), *third = strtok(NULL, " ");
  if (strcmp(command, "attach") == 0 && second)
    return attach(strtoull(first, NULL, 10) << 20, (uint32_t)strtoul(second, NULL, 10));
  if (!third || loop < 0) return EINVAL;
  if (strcmp(command, "record") == 0) return record(atol(first), second, third);
  if (strcmp(command, "cut") == 0) return cut(strtoull(first, NULL, 10), second, strtoull(third, NULL, 10));
  return EINVAL;
}

int main(int argc, char **argv) {
  begin_helper();
  if (argc > 1) snprintf(home, sizeof home, "%s", argv[1]);
  while (!stopped) {
    struct pollfd input_file = {STDIN_FILENO, POLLIN, 0};
    poll(&input_file, 1, -1);
    for (char *line; (line = next_line());) answer(obey(line));
  }
  // From the top down. What is still in use goes when that ends: the loop device with its last user.
  if (mounted_disk[0] && umount2(mounted_disk, 0) != 0) umount2(mounted_disk, MNT_DETACH);
  if (loop >= 0) close(loop);
  if (mounted_fuse[0] && umount2(mounted_fuse, 0) != 0) umount2(mounted_fuse, MNT_DETACH);
  remove_home(argc, argv);
  return 0;
}
