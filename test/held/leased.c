// Holds a lease, as file servers do: a conflicting open waits until it is given up. fcntl(2), F_SETLEASE.
//
//   lease write|read PATH   takes one; there is one at a time
//   hold MS                 keeps it for so long, from now on, when another process opens the file
//   free ID                 gives it up
//   pass                    gives it up, and takes no more
//
// Each is answered with `done` or `failed WHY`. Event: `held ID lease 0 NAME`.
#include "helper.h"

#include <sys/signalfd.h>

static int leased = -1;
static char name[512];
static long hold_ms = 1000;

static void give_up(void) {
  if (leased < 0) return;
  fcntl(leased, F_SETLEASE, F_UNLCK);
  close(leased);
  leased = -1;
}

static int lease(const char *kind, const char *path) {
  give_up();
  const int write = strcmp(kind, "write") == 0;
  leased = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (leased < 0) return errno;
  if (fcntl(leased, F_SETLEASE, write ? F_WRLCK : F_RDLCK) != 0) {
    const int error = errno;
    close(leased);
    leased = -1;
    return error;
  }
  const char *last = strrchr(path, '/');
  snprintf(name, sizeof name, "%s", last ? last + 1 : path);
  return 0;
}

static void obey(char *line) {
  const char *words[3];
  split(line, words);
  const char *command = words[0], *first = words[1], *second = words[2];
  if (!command) return;
  if (strcmp(command, "lease") == 0 && second) return answer(lease(first, second));
  if (strcmp(command, "hold") == 0 && first) return hold_ms = atol(first), answer(0);
  if (strcmp(command, "free") == 0 && first) {
    if (unhold_id((unsigned)atol(first))) give_up();
    return answer(0);
  }
  if (strcmp(command, "pass") == 0) {
    while (unhold_id(0)) {
    }
    give_up();
    return answer(0);
  }
  answer(EINVAL);
}

int main(int argc, char **argv) {
  begin_helper();
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGIO);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  const int signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  while (!stopped) {
    int wait;
    while (overdue(&wait)) give_up();
    struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
    poll(files, 2, wait);
    if (files[0].revents) {
      for (char *line; (line = next_line());) obey(line);
    }
    struct signalfd_siginfo got;
    if (files[1].revents && read(signals, &got, sizeof got) == sizeof got && leased >= 0)
      say("held %u lease 0 %s", hold(name, hold_ms), name);
  }
  give_up();
  remove_home(argc, argv);
  return 0;
}
