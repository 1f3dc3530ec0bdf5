// A file system in memory whose answers can be held back: FUSE, spoken directly with /dev/fuse.
//
//   mount POINT [DEVICE]       mounts it; with a block device as fuseblk
//   hold MS COUNT OPERATION …  the next COUNT requests of each of these kinds ("all") wait, each until
//                              it is freed, or for so many milliseconds
//   free ID                    answers one
//   fail OPERATION ERRNO       requests of this kind fail from now on; 0 ends that
//   pass                       answers all, and holds none from now on
//   watch THREAD               reports each request of this thread; 0 for none
//   valid ENTRY ATTRIBUTES     seconds for which the kernel may cache further answers
//   direct 0|1                 files opened from now on bypass the page cache
//   positions 0|1              files opened from now on have positions with 1, only sequential reads with 0
//   sizes 0|1                  files report their size, or 0, as many of the kernel's own do
//
// The answer to each command is `done` or `failed WHY`. Events: `held ID OPERATION THREAD NAME`,
// `asked OPERATION NAME`. A held request blocks no other: the only thread waits for nothing but
// requests and commands.
#include "helper.h"

#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define NODES 4096
#define ENTRIES 8192
#define LARGEST (64u << 20)
#define MAX_WRITE (1u << 20)
#define REQUEST_ROOM (MAX_WRITE + 65536)

// Newer than many versions of <linux/fuse.h>: 7.39.
#define FUSE_STATX_REQUEST 52
struct statx_time {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t unused;
};
struct statx_reply {
  uint64_t valid;
  uint32_t valid_nanoseconds, flags;
  uint64_t unused[2];
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, unused2;
  uint64_t ino, size, blocks, attributes_mask;
  struct statx_time accessed, born, changed, modified;
  uint32_t device[4];
  uint64_t unused3[14];
};

// Indexed by its number less one.
static struct node {
  int used;
  uint64_t lookups;
  uint32_t generation, mode, links, uid, gid, rdev;
  struct timespec accessed, modified, changed;
  uint64_t size;
  size_t room;
  char *data;
} nodes[NODES];

static struct entry {
  uint64_t parent;  // 0 if the entry is free
  uint64_t node;
  char name[256];
} entries[ENTRIES];

static const char *const names[] = {
    [FUSE_LOOKUP] = "lookup",       [FUSE_GETATTR] = "getattr",     [FUSE_SETATTR] = "setattr",
    [FUSE_READLINK] = "readlink",   [FUSE_SYMLINK] = "symlink",     [FUSE_MKNOD] = "mknod",
    [FUSE_MKDIR] = "mkdir",         [FUSE_UNLINK] = "unlink",       [FUSE_RMDIR] = "rmdir",
    [FUSE_RENAME] = "rename",       [FUSE_LINK] = "link",           [FUSE_OPEN] = "open",
    [FUSE_READ] = "read",           [FUSE_WRITE] = "write",         [FUSE_STATFS] = "statfs",
    [FUSE_RELEASE] = "release",     [FUSE_FSYNC] = "fsync",         [FUSE_SETXATTR] = "setxattr",
    [FUSE_GETXATTR] = "getxattr",   [FUSE_LISTXATTR] = "listxattr", [FUSE_FLUSH] = "flush",
    [FUSE_OPENDIR] = "opendir",     [FUSE_READDIR] = "readdir",     [FUSE_RELEASEDIR] = "releasedir",
    [FUSE_GETLK] = "getlk",         [FUSE_FSYNCDIR] = "fsyncdir",   [FUSE_SETLK] = "setlk",
    [FUSE_SETLKW] = "setlkw",       [FUSE_ACCESS] = "access",       [FUSE_CREATE] = "create",
    [FUSE_FALLOCATE] = "fallocate", [FUSE_IOCTL] = "ioctl",         [FUSE_RENAME2] = "rename2",
    [FUSE_LSEEK] = "lseek",         [FUSE_POLL] = "poll",           [FUSE_COPY_FILE_RANGE] = "copy_file_range",
    [FUSE_STATX_REQUEST] = "statx", [FUSE_TMPFILE] = "tmpfile",     [FUSE_SYNCFS] = "syncfs",
    [FUSE_BMAP] = "bmap",
};
#define KINDS (sizeof names / sizeof *names)

static int device = -1;
static char point[512];
// number of further requests of each kind to hold
static unsigned holding[KINDS];
static int failing[KINDS];
static long hold_ms;
static unsigned watched;
static double entry_valid = 3600, attributes_valid = 0;
static int direct;
static int positions = 1;
static int sizes = 1;

static const char *name_of(uint32_t opcode) { return opcode < KINDS && names[opcode] ? names[opcode] : "other"; }

static void reply(const struct fuse_in_header *request, int error, const void *data, size_t size) {
  struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = -error, .unique = request->unique};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)data, size}};
  // ENOENT: the request was interrupted, and nothing waits for it.
  if (writev(device, parts, size ? 2 : 1) < 0 && errno != ENOENT)
    fprintf(stderr, "held_fs: answering %s: %s\n", name_of(request->opcode), strerror(errno));
}

static struct timespec now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

static struct node *node_of(uint64_t id) {
  return id >= 1 && id <= NODES && nodes[id - 1].used ? &nodes[id - 1] : NULL;
}

static uint64_t make_node(const struct fuse_in_header *request, uint32_t mode) {
  for (uint64_t at = 0; at < NODES; at++) {
    struct node *node = &nodes[at];
    if (node->used) continue;
    const uint32_t generation = node->generation + 1;
    *node = (struct node){.used = 1, .generation = generation, .mode = mode, .links = S_ISDIR(mode) ? 2 : 1};
    if (request) node->uid = request->uid, node->gid = request->gid;
    node->accessed = node->modified = node->changed = now();
    return at + 1;
  }
  return 0;
}

static void drop_if_gone(struct node *node) {
  if (node->links > 0 || node->lookups > 0 || node == nodes) return;
  free(node->data);
  node->data = NULL;
  node->used = 0;
}

static struct entry *find(uint64_t parent, const char *name) {
  for (struct entry *entry = entries; entry < entries + ENTRIES; entry++) {
    if (entry->parent == parent && strcmp(entry->name, name) == 0) return entry;
  }
  return NULL;
}

static int add_entry(uint64_t parent, const char *name, uint64_t node) {
  if (strlen(name) > 255) return ENAMETOOLONG;
  for (struct entry *entry = entries; entry < entries + ENTRIES; entry++) {
    if (entry->parent) continue;
    entry->parent = parent;
    entry->node = node;
    strcpy(entry->name, name);
    return 0;
  }
  return ENOSPC;
}

static int is_empty(uint64_t directory) {
  for (struct entry *entry = entries; entry < entries + ENTRIES; entry++) {
    if (entry->parent == directory) return 0;
  }
  return 1;
}

static int remove_entry(struct entry *entry) {
  struct node *node = node_of(entry->node);
  if (S_ISDIR(node->mode) && !is_empty(entry->node)) return ENOTEMPTY;
  entry->parent = 0;
  node->links = S_ISDIR(node->mode) ? 0 : node->links - 1;
  node->changed = now();
  drop_if_gone(node);
  return 0;
}

// Resizes it; new bytes are zero.
static int resize(struct node *node, uint64_t size) {
  if (size > LARGEST) return EFBIG;
  if (size > node->room) {
    const size_t room = size + size / 2 + 4096;
    char *data = (char *)realloc(node->data, room);
    if (!data) return ENOSPC;
    node->data = data;
    node->room = room;
  }
  if (size > node->size) memset(node->data + node->size, 0, size - node->size);
  node->size = size;
  node->modified = node->changed = now();
  return 0;
}

static struct fuse_attr attributes(uint64_t id) {
  const struct node *node = node_of(id);
  struct fuse_attr attr = {.ino = id,
                           .size = sizes ? node->size : 0,
                           .blocks = (node->size + 511) / 512,
                           .mode = node->mode,
                           .nlink = node->links};
  attr.uid = node->uid, attr.gid = node->gid, attr.rdev = node->rdev, attr.blksize = 4096;
  attr.atime = node->accessed.tv_sec, attr.atimensec = node->accessed.tv_nsec;
  attr.mtime = node->modified.tv_sec, attr.mtimensec = node->modified.tv_nsec;
  attr.ctime = node->changed.tv_sec, attr.ctimensec = node->changed.tv_nsec;
  return attr;
}

static uint32_t nanoseconds(double seconds) { return (uint32_t)((seconds - (double)(uint64_t)seconds) * 1e9); }

static struct fuse_entry_out describe(uint64_t id) {
  struct node *node = node_of(id);
  node->lookups++;
  struct fuse_entry_out out = {.nodeid = id, .generation = node->generation, .attr = attributes(id)};
  out.entry_valid = (uint64_t)entry_valid, out.entry_valid_nsec = nanoseconds(entry_valid);
  out.attr_valid = (uint64_t)attributes_valid, out.attr_valid_nsec = nanoseconds(attributes_valid);
  return out;
}

static void reply_entry(const struct fuse_in_header *request, uint64_t id) {
  struct fuse_entry_out out = describe(id);
  reply(request, 0, &out, sizeof out);
}

static void reply_attributes(const struct fuse_in_header *request) {
  struct fuse_attr_out out = {.attr = attributes(request->nodeid)};
  out.attr_valid = (uint64_t)attributes_valid, out.attr_valid_nsec = nanoseconds(attributes_valid);
  reply(request, 0, &out, sizeof out);
}

static void reply_statx(const struct fuse_in_header *request) {
  const struct fuse_attr attr = attributes(request->nodeid);
  struct statx_reply out = {.valid = (uint64_t)attributes_valid,
                            .valid_nanoseconds = nanoseconds(attributes_valid),
                            .mask = 0xfff,
                            .blksize = 4096};
  out.nlink = attr.nlink, out.uid = attr.uid, out.gid = attr.gid, out.mode = (uint16_t)attr.mode;
  out.ino = attr.ino, out.size = attr.size, out.blocks = attr.blocks;
  out.accessed = (struct statx_time){(int64_t)attr.atime, attr.atimensec, 0};
  out.born = out.changed = (struct statx_time){(int64_t)attr.ctime, attr.ctimensec, 0};
  out.modified = (struct statx_time){(int64_t)attr.mtime, attr.mtimensec, 0};
  reply(request, 0, &out, sizeof out);
}

static struct fuse_open_out opened(void) {
  const unsigned flags = positions ? 0 : FOPEN_NONSEEKABLE;
  return (struct fuse_open_out){.open_flags = flags | (direct ? FOPEN_DIRECT_IO : FOPEN_KEEP_CACHE)};
}

// Makes a new node under a name. Returns 0 or an errno.
static int make(const struct fuse_in_header *request, const char *name, uint32_t mode, uint64_t *id) {
  if (find(request->nodeid, name)) return EEXIST;
  *id = make_node(request, mode);
  if (!*id) return ENOSPC;
  const int error = add_entry(request->nodeid, name, *id);
  if (error) node_of(*id)->links = 0, drop_if_gone(node_of(*id));
  return error;
}

static int rename_entry(uint64_t from, const char *name, uint64_t to, const char *new_name, uint32_t flags) {
  struct entry *source = find(from, name);
  struct entry *target = find(to, new_name);
  if (!source) return ENOENT;
  if (flags & ~1u) return EINVAL;
  if (target && (flags & 1)) return EEXIST;
  if (target == source || (target && target->node == source->node)) return 0;
  if (target) {
    const int error = remove_entry(target);
    if (error) return error;
  }
  source->parent = to;
  strcpy(source->name, new_name);
  return 0;
}

static void set_attributes(const struct fuse_in_header *request, const struct fuse_setattr_in *in) {
  struct node *node = node_of(request->nodeid);
  if (in->valid & FATTR_SIZE) {
    const int error = resize(node, in->size);
    if (error) return reply(request, error, NULL, 0);
  }
  if (in->valid & FATTR_MODE) node->mode = (node->mode & S_IFMT) | (in->mode & 07777);
  if (in->valid & FATTR_UID) node->uid = in->uid;
  if (in->valid & FATTR_GID) node->gid = in->gid;
  if (in->valid & FATTR_ATIME)
    node->accessed = in->valid & FATTR_ATIME_NOW ? now() : (struct timespec){(time_t)in->atime, in->atimensec};
  if (in->valid & FATTR_MTIME)
    node->modified = in->valid & FATTR_MTIME_NOW ? now() : (struct timespec){(time_t)in->mtime, in->mtimensec};
  node->changed = now();
  reply_attributes(request);
}

static void list(const struct fuse_in_header *request, const struct fuse_read_in *in) {
  char *out = (char *)calloc(1, in->size);
  size_t used = 0;
  for (uint64_t at = in->offset; at < ENTRIES; at++) {
    if (entries[at].parent != request->nodeid) continue;
    const size_t length = strlen(entries[at].name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
    if (used + size > in->size) break;
    struct fuse_dirent *entry = (struct fuse_dirent *)(out + used);
    *entry = (struct fuse_dirent){.ino = entries[at].node,
                                  .off = at + 1,
                                  .namelen = (uint32_t)length,
                                  .type = (node_of(entries[at].node)->mode & S_IFMT) >> 12};
    memcpy(entry->name, entries[at].name, length);
    used += size;
  }
  reply(request, 0, out, used);
  free(out);
}

static int allocate(struct node *node, const struct fuse_fallocate_in *in) {
  const uint64_t end = in->offset + in->length;
  // FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE
  if ((in->mode & (2 | 16)) && in->offset < node->size) {
    memset(node->data + in->offset, 0, (end < node->size ? end : node->size) - in->offset);
  }
  // FALLOC_FL_KEEP_SIZE
  return (in->mode & 1) || end <= node->size ? 0 : resize(node, end);
}

static int write_at(struct node *node, uint64_t offset, const void *data, size_t size) {
  const int error = offset + size > node->size ? resize(node, offset + size) : 0;
  if (error) return error;
  memcpy(node->data + offset, data, size);
  node->modified = node->changed = now();
  return 0;
}

static void copy(const struct fuse_in_header *request, struct node *node, const struct fuse_copy_file_range_in *in) {
  struct node *to = node_of(in->nodeid_out);
  struct fuse_write_out out = {0};
  if (!to) return reply(request, ENOENT, NULL, 0);
  if (in->off_in < node->size)
    out.size = (uint32_t)(in->len < node->size - in->off_in ? in->len : node->size - in->off_in);
  char *data = (char *)malloc(out.size + 1);
  if (out.size) memcpy(data, node->data + in->off_in, out.size);
  const int error = out.size ? write_at(to, in->off_out, data, out.size) : 0;
  free(data);
  reply(request, error, error ? NULL : &out, error ? 0 : sizeof out);
}

static void init(const struct fuse_in_header *request, const struct fuse_init_in *in) {
  struct fuse_init_out out = {
      .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_readahead = in->max_readahead};
  const uint32_t wanted = FUSE_ASYNC_READ | FUSE_POSIX_LOCKS | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_ASYNC_DIO |
                          FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES;
  out.flags = in->flags & wanted;
  // The kernel uses statx depending on the minor number.
  if (in->minor > out.minor) out.minor = 39;
  // Held requests do not block later ones.
  out.max_background = 4096, out.congestion_threshold = 4096;
  out.max_write = MAX_WRITE, out.max_pages = MAX_WRITE / 4096, out.time_gran = 1;
  if (in->minor < out.minor) out.minor = in->minor;
  reply(request, 0, &out, sizeof out);
}

static void forget(uint64_t id, uint64_t count) {
  struct node *node = node_of(id);
  if (!node) return;
  node->lookups -= count < node->lookups ? count : node->lookups;
  drop_if_gone(node);
}

static void interrupt(const struct fuse_interrupt_in *in) {
  for (struct held **place = &held_first; *place; place = &(*place)->next) {
    struct fuse_in_header *request = (struct fuse_in_header *)(*place)->request;
    if (request->unique != in->unique) continue;
    reply(request, EINTR, NULL, 0);
    free(unhold(place));
    return;
  }
}

static void serve(struct fuse_in_header *request) {
  char *body = (char *)(request + 1);
  struct node *node = node_of(request->nodeid);
  uint64_t id;
  int error = 0;
  if (request->opcode == FUSE_INIT) return init(request, (struct fuse_init_in *)body);
  if (!node) return reply(request, ESTALE, NULL, 0);
  if (request->opcode < KINDS && failing[request->opcode]) return reply(request, failing[request->opcode], NULL, 0);
  switch (request->opcode) {
    case FUSE_LOOKUP: {
      struct entry *entry = find(request->nodeid, body);
      if (entry) return reply_entry(request, entry->node);
      error = ENOENT;
      break;
    }
    case FUSE_GETATTR: return reply_attributes(request);
    case FUSE_STATX_REQUEST: return reply_statx(request);
    case FUSE_SETATTR: return set_attributes(request, (struct fuse_setattr_in *)body);
    case FUSE_READLINK: return reply(request, 0, node->data, node->size);
    case FUSE_SYMLINK:
      error = make(request, body, S_IFLNK | 0777, &id);
      if (!error) error = write_at(node_of(id), 0, body + strlen(body) + 1, strlen(body + strlen(body) + 1));
      if (!error) return reply_entry(request, id);
      break;
    case FUSE_MKNOD:
      error = make(request, body + sizeof(struct fuse_mknod_in), ((struct fuse_mknod_in *)body)->mode, &id);
      if (!error) return reply_entry(request, id);
      break;
    case FUSE_MKDIR:
      error = make(request, body + sizeof(struct fuse_mkdir_in), S_IFDIR | ((struct fuse_mkdir_in *)body)->mode, &id);
      if (!error) return reply_entry(request, id);
      break;
    case FUSE_UNLINK:
    case FUSE_RMDIR: {
      struct entry *entry = find(request->nodeid, body);
      error = entry ? remove_entry(entry) : ENOENT;
      break;
    }
    case FUSE_RENAME: {
      const char *name = body + sizeof(struct fuse_rename_in);
      error = rename_entry(request->nodeid, name, ((struct fuse_rename_in *)body)->newdir, name + strlen(name) + 1, 0);
      break;
    }
    case FUSE_RENAME2: {
      const struct fuse_rename2_in *in = (struct fuse_rename2_in *)body;
      const char *name = body + sizeof *in;
      error = rename_entry(request->nodeid, name, in->newdir, name + strlen(name) + 1, in->flags);
      break;
    }
    case FUSE_LINK: {
      const uint64_t old = ((struct fuse_link_in *)body)->oldnodeid;
      const char *name = body + sizeof(struct fuse_link_in);
      error = find(request->nodeid, name) ? EEXIST : add_entry(request->nodeid, name, old);
      if (error) break;
      node_of(old)->links++;
      return reply_entry(request, old);
    }
    case FUSE_OPEN:
      if (((struct fuse_open_in *)body)->flags & O_TRUNC) resize(node, 0);
      // fall through
    case FUSE_OPENDIR: {
      struct fuse_open_out out = request->opcode == FUSE_OPEN ? opened() : (struct fuse_open_out){0};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_CREATE: {
      error = make(request, body + sizeof(struct fuse_create_in),
                   S_IFREG | (((struct fuse_create_in *)body)->mode & 07777), &id);
      if (error) break;
      struct {
        struct fuse_entry_out entry;
        struct fuse_open_out open;
      } out = {describe(id), opened()};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_READ: {
      const struct fuse_read_in *in = (struct fuse_read_in *)body;
      const uint64_t left = in->offset < node->size ? node->size - in->offset : 0;
      return reply(request, 0, node->data + (left ? in->offset : 0), left < in->size ? left : in->size);
    }
    case FUSE_WRITE: {
      const struct fuse_write_in *in = (struct fuse_write_in *)body;
      struct fuse_write_out out = {.size = in->size};
      error = write_at(node, in->offset, body + sizeof *in, in->size);
      if (!error) return reply(request, 0, &out, sizeof out);
      break;
    }
    case FUSE_STATFS: {
      struct fuse_statfs_out out = {.st = {.blocks = 1 << 20,
                                           .bfree = 1 << 19,
                                           .bavail = 1 << 19,
                                           .files = NODES,
                                           .ffree = NODES / 2,
                                           .bsize = 4096,
                                           .namelen = 255,
                                           .frsize = 4096}};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_READDIR: return list(request, (struct fuse_read_in *)body);
    case FUSE_GETLK: {
      struct fuse_lk_out out = {.lk = {.type = F_UNLCK}};
      return reply(request, 0, &out, sizeof out);
    }
    case FUSE_FALLOCATE: error = allocate(node, (struct fuse_fallocate_in *)body); break;
    case FUSE_COPY_FILE_RANGE: return copy(request, node, (struct fuse_copy_file_range_in *)body);
    case FUSE_LSEEK: {
      const struct fuse_lseek_in *in = (struct fuse_lseek_in *)body;
      struct fuse_lseek_out out = {.offset = in->whence == SEEK_DATA ? in->offset : node->size};
      error = in->offset >= node->size ? ENXIO : 0;
      if (!error) return reply(request, 0, &out, sizeof out);
      break;
    }
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FSYNC:
    case FUSE_FSYNCDIR:
    case FUSE_FLUSH:
    case FUSE_SETLK:
    case FUSE_SETLKW:
    case FUSE_ACCESS:
    case FUSE_DESTROY: break;
    case FUSE_IOCTL: error = ENOTTY; break;
    default: error = ENOSYS;
  }
  reply(request, error, NULL, 0);
}

// A name of the node, for readers of the test's output.
static const char *called(const struct fuse_in_header *request) {
  if (request->opcode == FUSE_LOOKUP) return (const char *)(request + 1);
  for (struct entry *entry = entries; entry < entries + ENTRIES; entry++) {
    if (entry->parent && entry->node == request->nodeid) return entry->name;
  }
  return request->nodeid == FUSE_ROOT_ID ? "/" : "?";
}

// Serves a request, or keeps it if it has to be held.
static void take(struct fuse_in_header *request) {
  if (request->opcode == FUSE_FORGET)
    forget(request->nodeid, ((struct fuse_forget_in *)(request + 1))->nlookup);
  else if (request->opcode == FUSE_BATCH_FORGET) {
    const struct fuse_batch_forget_in *in = (struct fuse_batch_forget_in *)(request + 1);
    const struct fuse_forget_one *one = (const struct fuse_forget_one *)(in + 1);
    for (uint32_t at = 0; at < in->count; at++) forget(one[at].nodeid, one[at].nlookup);
  } else if (request->opcode == FUSE_INTERRUPT) {
    interrupt((struct fuse_interrupt_in *)(request + 1));
  } else {
    if (watched && request->pid == watched) say("asked %s %s", name_of(request->opcode), called(request));
    if (request->opcode < KINDS && holding[request->opcode]) {
      char name[256];
      snprintf(name, sizeof name, "%s", called(request));
      const uint32_t opcode = request->opcode, thread = request->pid;
      holding[opcode]--;
      say("held %u %s %u %s", hold(request, hold_ms), name_of(opcode), thread, name);
      return;
    }
    serve(request);
  }
  free(request);
}

static int take_next(void) {
  static char room[REQUEST_ROOM];
  const ssize_t size = read(device, room, sizeof room);
  if (size < 0) return errno == EAGAIN || errno == EINTR || errno == ENOENT ? 0 : errno;
  // One byte more, so that the last name ends with a zero whatever was sent.
  char *request = (char *)calloc(1, (size_t)size + 1);
  memcpy(request, room, (size_t)size);
  take((struct fuse_in_header *)request);
  return 0;
}

static int mount_at(const char *where, const char *block) {
  char options[256];
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (device < 0) return errno;
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other%s", device,
           block ? ",blksize=4096" : "");
  if (mount(block ? block : "held_fs", where, block ? "fuseblk" : "fuse", MS_NOSUID | MS_NODEV, options) != 0)
    return errno;
  snprintf(point, sizeof point, "%s", where);
  return 0;
}

static void release(struct fuse_in_header *request) {
  serve(request);
  free(request);
}

static void obey(char *line) {
  const char *command = strtok(line, " ");
  char *first = strtok(NULL, " ");
  char *second = strtok(NULL, " ");
  if (!command) return;
  if (strcmp(command, "mount") == 0 && first) return answer(mount_at(first, second));
  if (strcmp(command, "hold") == 0 && second) {
    hold_ms = atol(first);
    memset(holding, 0, sizeof holding);
    for (const char *kind; (kind = strtok(NULL, " "));) {
      int known = strcmp(kind, "all") == 0;
      for (size_t at = 0; at < KINDS; at++) {
        if (!names[at] || !(strcmp(kind, "all") == 0 || strcmp(kind, names[at]) == 0)) continue;
        holding[at] = (unsigned)atol(second);
        known = 1;
      }
      if (!known) return answer(EINVAL);
    }
    return answer(0);
  }
  if (strcmp(command, "free") == 0 && first) {
    struct fuse_in_header *request = (struct fuse_in_header *)unhold_id((unsigned)atol(first));
    if (request) release(request);
    return answer(0);
  }
  if (strcmp(command, "pass") == 0) {
    memset(holding, 0, sizeof holding);
    for (void *request; (request = unhold_id(0));) release((struct fuse_in_header *)request);
    return answer(0);
  }
  if (strcmp(command, "fail") == 0 && second) {
    for (size_t at = 0; at < KINDS; at++) {
      if (names[at] && strcmp(first, names[at]) == 0) return failing[at] = atoi(second), answer(0);
    }
    return answer(EINVAL);
  }
  if (strcmp(command, "watch") == 0 && first) return watched = (unsigned)atol(first), answer(0);
  if (strcmp(command, "direct") == 0 && first) return direct = atoi(first), answer(0);
  if (strcmp(command, "positions") == 0 && first) return positions = atoi(first), answer(0);
  if (strcmp(command, "sizes") == 0 && first) return sizes = atoi(first), answer(0);
  if (strcmp(command, "valid") == 0 && second)
    return entry_valid = atof(first), attributes_valid = atof(second), answer(0);
  answer(EINVAL);
}

int main(int argc, char **argv) {
  begin_helper();
  make_node(NULL, S_IFDIR | 0777);
  while (!stopped) {
    int wait;
    for (void *request; (request = overdue(&wait));) release((struct fuse_in_header *)request);
    struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {device, POLLIN, 0}};
    poll(files, 2, wait);
    if (files[0].revents) {
      for (char *line; (line = next_line());) obey(line);
    }
    if (files[1].revents && take_next() != 0) {
      // Unmounted by another process.
      close(device);
      device = -1;
      point[0] = '\0';
    }
  }
  // Closing the device ends the connection: waiting requests fail, and unmounting needs no answer from here.
  if (device >= 0) close(device);
  if (point[0]) umount2(point, MNT_DETACH);
  remove_home(argc, argv);
  return 0;
}
