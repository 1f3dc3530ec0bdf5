// A process of musl's that takes Node's place: loads the addon, and moves real bytes through its
// engines, in a main environment and in a worker's.
//
//   musl_host ADDON DIRECTORY ENGINE …     ENGINE: linux, thread or uring
//
// Prints the addon's protocol, what it finds (`processors VALUE …`, `answer NAME VALUE`), then
// `ENGINE ENVIRONMENT OPERATION RESULT ROUTE` for each operation. Ends with 1 at the first result,
// or the first byte, that is not the one expected. musl.test.ts defines the numbers that JavaScript
// and the addon have in common: OPCODE_read …
#define _GNU_SOURCE
#include "musl_node.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { MOST_IDS = 4, COMPLETION_FIELDS = 4, PART = 64 * 1024, SIZE = 2 * PART, SMALL = 4096, PERMISSIONS = 0640 };

static napi_env env;
static napi_value exports, environment, views;
static const char *engine, *place;
static double completions[MOST_IDS * COMPLETION_FIELDS], records[MOST_IDS * RECORD_FIELDS];
static uint32_t ids[MOST_IDS] = {0, 1, 2, 3};
static double results[MOST_IDS];
static int routes[MOST_IDS];
static unsigned missing;

// The addon's functions

#define CALL(name, ...) \
  call(env, property_of(exports, name), COUNT(((napi_value[]){__VA_ARGS__})), (napi_value[]){__VA_ARGS__})

static napi_value text(const char *string) { return new_string(string, NAPI_AUTO_LENGTH); }
static napi_value bytes(void *memory, size_t length) { return new_view(napi_uint8_array, memory, length); }

static uint32_t engine_number(void) {
  if (strcmp(engine, "linux") == 0) return KIND_linux;
  if (strcmp(engine, "thread") == 0) return KIND_thread;
  if (strcmp(engine, "uring") == 0) return KIND_uring;
  FAIL("no engine %s", engine);
}

static void take(unsigned count) {
  for (const double *one = completions; count > 0; count--, one += COMPLETION_FIELDS) {
    const unsigned id = (unsigned)one[1];
    if (id >= MOST_IDS || missing == 0) FAIL("a completion that nobody waits for");
    results[id] = one[2];
    routes[id] = (int)one[3];
    missing--;
  }
}

static uint32_t polls;
static unsigned turns;

static napi_value deliver(napi_env, napi_callback_info info) {
  take((unsigned)info->arguments[0]->number);
  return NULL;
}

static napi_value count_turn(napi_env, napi_callback_info) {
  turns++;
  return NULL;
}

static void start(void) {
  environment = CALL("start", new_number(2), new_boolean(true), new_function(deliver),
                     new_view(napi_float64_array, completions, COUNT(completions)),
                     new_view(napi_uint32_array, &polls, 1), new_function(count_turn));
  if (environment->type != napi_external) FAIL("start: %g", environment->number);
  turns = polls = 0;
  CALL("requestTurn", environment);
  run(env->loop);
  if (turns != 1 || polls < 2) FAIL("%u turns, %u polls", turns, polls);
}

static void open_engine(const char *directory) {
  napi_value refused = CALL("open", environment, new_number(engine_number()), text(directory));
  if (refused->type == napi_null) return;
  FAIL("%s: %s: %g", engine, refused->array.elements[1]->string, refused->array.elements[0]->number);
}

// The record of request `id`: all 0 except the operation.
static double *request(unsigned id, int opcode, napi_value memory) {
  double *record = records + id * RECORD_FIELDS;
  memset(record, 0, RECORD_FIELDS * sizeof *record);
  record[0] = opcode;
  views->array.elements[id] = memory;
  return record;
}

// Serves requests 0 to `count`. The loop ends by itself when nothing is in flight.
static void serve(unsigned count) {
  missing = count;
  napi_value now = CALL("submit", environment, new_number(engine_number()), new_number(0),
                        new_view(napi_uint32_array, ids, MOST_IDS), new_number(count),
                        new_view(napi_float64_array, records, COUNT(records)), views);
  take((unsigned)now->number);
  run(env->loop);
  if (missing > 0) FAIL("%s: the loop has ended before %u operations", engine, missing);
}

// Expected results

static void report(const char *operation, unsigned id, double expected) {
  printf("%s %s %s %.0f %d\n", engine, place, operation, results[id], routes[id]);
  if (results[id] != expected) FAIL("%s: expected %.0f", operation, expected);
}

static void check(bool holds, const char *what) {
  if (!holds) FAIL("%s %s: not so: %s", engine, place, what);
}

static void same(const char *found, const char *expected, const char *what) {
  for (size_t i = 0; i < SIZE; i++) {
    if (found[i] != expected[i]) FAIL("%s: byte %zu is %d, not %d", what, i, found[i], expected[i]);
  }
}

static void on_disk(const char *path, const char *expected, const char *what) {
  char *found = calloc(1, SIZE + 1);
  const int fd = open(path, O_RDONLY);
  check(read(fd, found, SIZE + 1) == SIZE, what);
  close(fd);
  same(found, expected, what);
  free(found);
}

static napi_value one_path(const char *path, napi_value view) {
  napi_value both = new_array(2);
  both->array.elements[0] = text(path);
  if (view) both->array.elements[1] = view;
  return both;
}

// One operation on a path, with `number` in this field of its record.
static void path_operation(const char *name, int opcode, napi_value path_and_view, int field, double number,
                           double expected) {
  request(0, opcode, path_and_view)[field] = number;
  serve(1);
  report(name, 0, expected);
}

static void transfers(const char *path, char *content) {
  const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, PERMISSIONS);
  check(fd >= 0, "a file");
  for (unsigned id = 0; id < 2; id++) {
    double *record = request(id, OPCODE_write, bytes(content, SIZE));
    record[TRANSFER_fd] = fd;
    record[TRANSFER_position] = record[TRANSFER_memoryStart] = id * PART;
    record[TRANSFER_length] = PART;
  }
  serve(2);
  report("write", 0, PART);
  report("write", 1, PART);
  on_disk(path, content, "what has been written");

  double *durable = request(0, OPCODE_write, bytes(content, SIZE));
  durable[TRANSFER_fd] = fd;
  durable[TRANSFER_length] = PART;
  durable[TRANSFER_flags] = TRANSFER_FLAG_durable;
  serve(1);
  report("durable", 0, PART);

  request(0, OPCODE_fsync, new_value(napi_undefined))[SYNC_fd] = fd;
  serve(1);
  report("fsync", 0, 0);

  char *memory = calloc(1, SIZE);
  // In two parts: the second is small, and its bytes are in the page cache.
  const unsigned sizes[] = {SIZE - SMALL, SMALL};
  for (int part = 0; part < 2; part++) {
    const unsigned start = part == 0 ? 0 : sizes[0];
    double *record = request(0, OPCODE_read, bytes(memory, SIZE));
    record[TRANSFER_fd] = fd;
    record[TRANSFER_position] = record[TRANSFER_memoryStart] = start;
    record[TRANSFER_length] = sizes[part];
    serve(1);
    report(part == 0 ? "read" : "small", 0, sizes[part]);
  }
  same(memory, content, "what has been read");
  free(memory);

  double *record = request(0, OPCODE_lock, new_value(napi_undefined));
  record[CONTROL_fd] = fd;
  record[CONTROL_length] = SIZE;
  record[CONTROL_flags] = 2;
  serve(1);
  report("lock", 0, 0);
  const int other = open(path, O_RDWR);
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = SIZE - 1, .l_len = 1};
  check(fcntl(other, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK, "the lock is another's");
  close(other);
  close(fd);
}

// If the file system has O_DIRECT: the route through kernel AIO.
static void direct_read(const char *path, const char *content) {
  const int fd = open(path, O_RDONLY | O_DIRECT);
  if (fd < 0) return;
  void *memory = NULL;
  check(posix_memalign(&memory, SMALL, SIZE) == 0, "memory");
  double *record = request(0, OPCODE_read, bytes(memory, SIZE));
  record[TRANSFER_fd] = fd;
  record[TRANSFER_length] = SIZE;
  serve(1);
  report("direct", 0, SIZE);
  same(memory, content, "what has been read directly");
  free(memory);
  close(fd);
}

static void whole_files(const char *path, char *content) {
  char *memory = calloc(1, SIZE + 1);
  path_operation("readFile", OPCODE_readFile, one_path(path, bytes(memory, SIZE + 1)), WHOLE_FILE_length, SIZE + 1,
                 SIZE);
  same(memory, content, "a whole file, read");

  char other[512];
  snprintf(other, sizeof other, "%s-copy", path);
  double *record = request(0, OPCODE_writeFile, one_path(other, bytes(content, SIZE)));
  record[WHOLE_FILE_length] = SIZE;
  record[WHOLE_FILE_mode] = PERMISSIONS;
  serve(1);
  report("writeFile", 0, SIZE);
  on_disk(other, content, "a whole file, written");

  napi_value cached = CALL("readCached", environment, text(path), bytes(memory, SIZE + 1));
  if (cached->number > 0) check(cached->number == SIZE, "all of a cached file");
  free(memory);
}

// Structures that the C library fills: stat, statfs, dirent.
static void paths(const char *directory, const char *path) {
  double stats[32] = {0}, file_system[8] = {0};
  path_operation("stat", OPCODE_stat, one_path(path, bytes(stats, sizeof stats)), PATH_mode, 0, 0);
  struct stat status;
  check(stat(path, &status) == 0 && stats[STATS_size] == SIZE && stats[STATS_mode] == status.st_mode,
        "the file's status");
  check(stats[STATS_ino] == (double)status.st_ino && stats[STATS_mtimeSeconds] == (double)status.st_mtime,
        "and more of it");

  path_operation("statfs", OPCODE_statfs, one_path(directory, bytes(file_system, sizeof file_system)), PATH_mode, 0, 0);
  struct statfs mounted;
  check(statfs(directory, &mounted) == 0 && file_system[FILE_SYSTEM_type] == (double)mounted.f_type, "the file system");

  char below[512], deep[512], names[1024];
  snprintf(below, sizeof below, "%s/below", directory);
  snprintf(deep, sizeof deep, "%s/below/deep", directory);
  path_operation("mkdir", OPCODE_mkdir, one_path(below, NULL), PATH_mode, 0700, 0);
  check(stat(below, &status) == 0 && status.st_mode == (S_IFDIR | 0700), "a directory");
  path_operation("mkdir", OPCODE_mkdir, one_path(below, NULL), PATH_mode, 0700, -EEXIST);
  path_operation("mkdir", OPCODE_mkdir, one_path(deep, NULL), PATH_mode, 0700, 0);
  // The length of all names, the names, their types, of which 2 is a directory.
  path_operation("readdir", OPCODE_readdir, one_path(below, bytes(names, sizeof names)), PATH_mode, 0, 1);
  check(memcmp(names + sizeof(uint32_t), "deep\0\2", 6) == 0, "its entry");

  memset(names, 0, sizeof names);
  path_operation("rm", OPCODE_rm, one_path(below, bytes(names, sizeof names)), PATH_flags, REMOVE_recursive, TREE_done);
  check(stat(below, &status) != 0 && errno == ENOENT, "a tree that is gone");
}

static void exercise(const char *directory) {
  char *content = malloc(SIZE), path[256];
  for (int i = 0; i < SIZE; i++) content[i] = (char)(i * 31 + i / 251);
  snprintf(path, sizeof path, "%s/%s-%s", directory, engine, place);
  transfers(path, content);
  direct_read(path, content);
  whole_files(path, content);
  paths(directory, path);
  free(content);
}

static void look_around(const char *directory) {
  printf("%s", call(env, property_of(exports, "protocol"), 0, NULL)->string);
  napi_value *processors = call(env, property_of(exports, "processors"), 0, NULL)->array.elements;
  printf("processors %.0f %.3f %d\n", processors[0]->number, processors[1]->number, processors[2]->boolean);
  const struct property *answer = CALL("probeDirectory", text(directory))->properties;
  for (; answer->name; answer++) printf("answer %s %.0f\n", answer->name, answer->value->number);
}

static void load(const char *addon) {
  void *library = dlopen(addon, RTLD_NOW);
  if (!library) FAIL("%s", dlerror());
  napi_addon_register_func enter = (napi_addon_register_func)dlsym(library, "napi_register_module_v1");
  if (!enter) FAIL("%s", dlerror());
  exports = enter(env, new_value(napi_object));
}

int main(int argc, char **argv) {
  if (argc < 4) FAIL("usage: musl_host ADDON DIRECTORY ENGINE …");
  static struct loop worker_loop;
  struct napi_env__ environments[] = {{.loop = &main_loop}, {.loop = &worker_loop}};
  setvbuf(stdout, NULL, _IOLBF, 0);
  umask(0);
  views = new_array(MOST_IDS);
  for (int i = 0; i < 2; i++) {
    env = &environments[i];
    place = i == 0 ? "main" : "worker";
    if (i == 0) {
      load(argv[1]);
      look_around(argv[2]);
    }
    start();
    for (int j = 3; j < argc; j++) {
      engine = argv[j];
      open_engine(argv[2]);
      exercise(argv[2]);
    }
    clean_up(env);
  }
  return 0;
}
