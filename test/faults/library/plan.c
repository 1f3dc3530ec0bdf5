#define _GNU_SOURCE
#include "plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct plan nothing;
static struct plan *shared = &nothing;
static pthread_once_t mapped = PTHREAD_ONCE_INIT;

static void map(void) {
  const char *path = getenv("CAIO_FAULTS");
  if (!path) return;
  const int fd = (int)real_syscall(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) shared = memory;
  real_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
}

struct plan *plan(void) {
  pthread_once(&mapped, map);
  return shared;
}

static uintptr_t addon_start, addon_end;
static unsigned long long changes;

// The addon is unloaded with its last environment, and may be loaded again at another address.
static int find_addon(struct dl_phdr_info *info, size_t size, void *first) {
  (void)size;
  const unsigned long long now = info->dlpi_adds + info->dlpi_subs;
  if (*(bool *)first && now == __atomic_load_n(&changes, __ATOMIC_ACQUIRE)) return 1;
  *(bool *)first = false;
  __atomic_store_n(&changes, now, __ATOMIC_RELEASE);
  const size_t length = strlen(info->dlpi_name);
  if (length < 9 || strcmp(info->dlpi_name + length - 9, "caio.node") != 0) return 0;
  uintptr_t end = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const uintptr_t last = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    if (info->dlpi_phdr[i].p_type == PT_LOAD && last > end) end = last;
  }
  __atomic_store_n(&addon_end, end, __ATOMIC_RELEASE);
  __atomic_store_n(&addon_start, info->dlpi_addr, __ATOMIC_RELEASE);
  return 1;
}

static bool within_addon(uintptr_t address) {
  const uintptr_t start = __atomic_load_n(&addon_start, __ATOMIC_ACQUIRE);
  return start != 0 && address >= start && address < __atomic_load_n(&addon_end, __ATOMIC_ACQUIRE);
}

bool known_addon(const void *return_address) { return within_addon((uintptr_t)return_address); }

bool by_addon(const void *return_address) {
  if (within_addon((uintptr_t)return_address)) return true;
  bool first = true;
  dl_iterate_phdr(find_addon, &first);
  return within_addon((uintptr_t)return_address);
}

static void pause_for(long microseconds) {
  const struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&time, NULL);
}

static void hold(struct plan *p, int milliseconds) {
  __atomic_add_fetch(&p->held, 1, __ATOMIC_SEQ_CST);
  for (int waited = 0; waited < milliseconds * 1000 && !__atomic_load_n(&p->released, __ATOMIC_SEQ_CST); waited += 200)
    pause_for(200);
  __atomic_sub_fetch(&p->held, 1, __ATOMIC_SEQ_CST);
}

// The rule for the n-th counted use of a call.
static struct rule obey(struct plan *p, enum call call, int32_t n) {
  const struct rule none = {0};
  for (int i = 0; i < p->rule_count; i++) {
    const struct rule rule = p->rules[i];
    if (rule.call != (int32_t)call || n < rule.first || n - rule.first >= rule.count) continue;
    __atomic_add_fetch(&p->injected[call], 1, __ATOMIC_SEQ_CST);
    if (rule.action == HOLD) hold(p, rule.argument);
    if (rule.action == LATE) pause_for(rule.argument);
    if (rule.action == HOLD || rule.action == LATE) continue;
    return rule;
  }
  return none;
}

static const struct rule nothing_planned = {0};

struct rule use(enum call call) {
  struct plan *p = plan();
  if (!__atomic_load_n(&p->armed, __ATOMIC_SEQ_CST)) return nothing_planned;
  return obey(p, call, __atomic_add_fetch(&p->uses[call], 1, __ATOMIC_SEQ_CST));
}

bool is_named(const char *path) {
  const char *root = plan()->root;
  const size_t length = strlen(root);
  return length > 0 && strncmp(path, root, length) == 0;
}

struct rule use_at(enum call call, const char *path) {
  struct plan *p = plan();
  if (!__atomic_load_n(&p->armed, __ATOMIC_SEQ_CST)) return nothing_planned;
  __atomic_add_fetch(&p->uses[call], 1, __ATOMIC_SEQ_CST);
  const int32_t at = __atomic_fetch_add(&p->named_count, 1, __ATOMIC_SEQ_CST);
  if (at < MOST_NAMED) {
    p->named[at].call = (int32_t)call;
    snprintf(p->named[at].path, sizeof p->named[at].path, "%s", path);
  }
  if (strcmp(p->place, path) != 0) return nothing_planned;
  return obey(p, call, __atomic_add_fetch(&p->uses_of_place[call], 1, __ATOMIC_SEQ_CST));
}

static const char *without_slash(char *path) {
  for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--) path[length - 1] = '\0';
  return path;
}

static const char *target_of(const char *link, char *memory) {
  const long length = real_syscall(SYS_readlinkat, AT_FDCWD, (long)link, (long)memory, PATH_ROOM - 1, 0, 0);
  memory[length < 0 ? 0 : length] = '\0';
  return memory;
}

const char *path_at(int directory, const char *name, char *memory) {
  memory[0] = '\0';
  if (plan()->root[0] == '\0') return memory;
  // The kernel's own names of descriptors.
  if (name && strncmp(name, "/proc/self/fd/", 14) == 0) return target_of(name, memory);
  if (name && name[0] == '/') {
    snprintf(memory, PATH_ROOM, "%s", name);
    return without_slash(memory);
  }
  char link[32];
  if (directory == AT_FDCWD)
    snprintf(link, sizeof link, "/proc/self/cwd");
  else
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  target_of(link, memory);
  const size_t length = strlen(memory);
  if (name && name[0] != '\0') snprintf(memory + length, PATH_ROOM - length, "/%s", name);
  return memory;
}

int32_t tick(void) { return __atomic_add_fetch(&plan()->clock, 1, __ATOMIC_SEQ_CST); }

void note(enum call call, int fd, int64_t offset, int64_t length, int64_t result, int32_t begin) {
  struct plan *p = plan();
  if (!p->logging) return;
  const int32_t at = __atomic_fetch_add(&p->entries, 1, __ATOMIC_SEQ_CST);
  if (at >= MOST_ENTRIES) return;
  p->log[at] = (struct entry){(int32_t)call, fd, (int32_t)result, begin, tick(), 0, offset, length};
}

void check_memory(const char *name, int64_t error) {
  if (error != EFAULT) return;
  __atomic_add_fetch(&plan()->lost, 1, __ATOMIC_SEQ_CST);
  dprintf(2, "%s: the memory has been given back\n", name);
}
