// A scanner of files by fanotify(7): opening or reading a file of a mount waits for its answer.
//
//   mark POINT      from now on, each open and read of that mount waits for an answer
//   unmark POINT    no more
//   hold MS COUNT   the next COUNT wait, each until it is freed, or for so many milliseconds
//   free ID         answers one
//   pass            answers all, and holds none from now on
//
// Each is answered with `done` or `failed WHY`. Event: `held ID OPERATION THREAD NAME`.
// At its end all continue.
#include "helper.h"

#include <sys/fanotify.h>

static int group = -1;
static struct holding holding;

static void allow(int fd) {
  struct fanotify_response response = {.fd = fd, .response = FAN_ALLOW};
  if (write(group, &response, sizeof response) != sizeof response) fprintf(stderr, "scanned: %s\n", strerror(errno));
  close(fd);
}

static void take(const struct fanotify_event_metadata *event) {
  char link[64], name[256];
  if (event->fd < 0) return;
  // Never an event of this process, which would wait for itself.
  if (holding.count == 0 || event->pid == getpid()) return allow(event->fd);
  holding.count--;
  snprintf(link, sizeof link, "/proc/self/fd/%d", event->fd);
  const ssize_t length = readlink(link, name, sizeof name - 1);
  name[length < 0 ? 0 : length] = '\0';
  const char *last = strrchr(name, '/');
  const int fd = event->fd;
  say("held %u %s %d %s", hold((void *)(intptr_t)(fd + 1), holding.ms), event->mask & FAN_OPEN_PERM ? "open" : "read",
      event->pid, last ? last + 1 : name);
}

static void take_events(void) {
  char room[8192] __attribute__((aligned(8)));
  ssize_t left = read(group, room, sizeof room);
  const struct fanotify_event_metadata *event = (const struct fanotify_event_metadata *)room;
  for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) take(event);
}

static void release(void *held) { allow((int)(intptr_t)held - 1); }

static int mark(unsigned how, const char *point) {
  return fanotify_mark(group, how | FAN_MARK_MOUNT, FAN_OPEN_PERM | FAN_ACCESS_PERM, AT_FDCWD, point) == 0 ? 0 : errno;
}

static void obey(char *line) {
  const char *words[3];
  split(line, words);
  if (!words[0]) return;
  if (strcmp(words[0], "mark") == 0 && words[1]) return answer(mark(FAN_MARK_ADD, words[1]));
  if (strcmp(words[0], "unmark") == 0 && words[1]) return answer(mark(FAN_MARK_REMOVE, words[1]));
  if (!obey_holding(words, &holding, release)) answer(EINVAL);
}

int main(int argc, char **argv) {
  begin_helper();
  group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_TID,
                        O_RDONLY | O_LARGEFILE | O_CLOEXEC);
  // Reported by the first answer.
  while (!stopped) {
    int wait;
    for (void *held; (held = overdue(&wait));) release(held);
    struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {group, POLLIN, 0}};
    poll(files, 2, wait);
    if (files[0].revents) {
      for (char *line; (line = next_line());) obey(line);
    }
    if (files[1].revents) take_events();
  }
  if (group >= 0) close(group);
  remove_home(argc, argv);
  return 0;
}
