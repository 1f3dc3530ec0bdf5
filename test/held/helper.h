// Shared by the helpers: commands on stdin, answers and events on stdout, held requests, and an end
// that follows the end of stdin, however the test ended. A helper has a session of its own: a kill
// of the test's process group leaves it alive to clean up. Its argument is the directory that it
// removes at the end.
#ifndef CAIO_TEST_HELD_HELPER_H
#define CAIO_TEST_HELD_HELPER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static volatile sig_atomic_t stopped;
static char input[4096];
static size_t input_used, input_taken;

static void stop(int number) {
  (void)number;
  stopped = 1;
}

static UNUSED void begin_helper(void) {
  setsid();
  // The working directory must not prevent unmounting.
  if (chdir("/") != 0) stopped = 1;
  // Without SA_RESTART, so that poll returns.
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
}

static UNUSED __attribute__((format(printf, 1, 2))) void say(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  if (write(STDOUT_FILENO, line, length) != length) stopped = 1;
}

// Answers a command with an errno, or 0.
static UNUSED void answer(int error) {
  if (error)
    say("failed %s", strerror(error));
  else
    say("done");
}

// The next whole line; NULL if there is none yet. The end of stdin stops the helper.
static UNUSED char *next_line(void) {
  for (;;) {
    char *start = input + input_taken;
    char *end = (char *)memchr(start, '\n', input_used - input_taken);
    if (end) {
      *end = '\0';
      input_taken = end + 1 - input;
      return start;
    }
    memmove(input, start, input_used - input_taken);
    input_used -= input_taken;
    input_taken = 0;
    ssize_t count = read(STDIN_FILENO, input + input_used, sizeof input - input_used);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return NULL;
    if (count <= 0) {
      stopped = 1;
      return NULL;
    }
    input_used += count;
  }
}

static UNUSED long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

// A request that waits until it is freed by its number, or its time is over.
struct held {
  struct held *next;
  unsigned id;
  long deadline;
  void *request;
};

static struct held *held_first;
static unsigned held_last_id;

static UNUSED unsigned hold(void *request, long ms) {
  struct held *entry = (struct held *)malloc(sizeof *entry);
  *entry = (struct held){held_first, ++held_last_id, now_ms() + ms, request};
  held_first = entry;
  return entry->id;
}

// Removes and returns the request at `place`.
static UNUSED void *unhold(struct held **place) {
  struct held *entry = *place;
  void *request = entry->request;
  *place = entry->next;
  free(entry);
  return request;
}

// The oldest request whose time is over, or NULL; sets `wait` to the milliseconds until the next
// one's is, or -1.
static UNUSED void *overdue(int *wait) {
  const long now = now_ms();
  struct held **due = NULL;
  *wait = -1;
  for (struct held **place = &held_first; *place; place = &(*place)->next) {
    const long left = (*place)->deadline - now;
    if (left <= 0)
      due = place;
    else if (*wait < 0 || left < *wait)
      *wait = (int)left;
  }
  return due ? unhold(due) : NULL;
}

// Removes and returns a request by number, or the oldest for 0; NULL if there is none.
static UNUSED void *unhold_id(unsigned id) {
  struct held **found = NULL;
  for (struct held **place = &held_first; *place; place = &(*place)->next) {
    if (id == 0 || (*place)->id == id) found = place;
  }
  return found ? unhold(found) : NULL;
}

// How many of the next requests to hold, and for how many milliseconds each.
struct holding {
  unsigned count;
  long ms;
};

// Executes `hold MS COUNT`, `free ID` and `pass`; `release` lets a request go. Returns 0 for any
// other command.
static UNUSED int obey_holding(const char *const words[3], struct holding *holding, void (*release)(void *)) {
  const char *command = words[0], *first = words[1], *second = words[2];
  if (strcmp(command, "hold") == 0 && second) {
    *holding = (struct holding){(unsigned)atol(second), atol(first)};
  } else if (strcmp(command, "free") == 0 && first) {
    void *held = unhold_id((unsigned)atol(first));
    if (held) release(held);
  } else if (strcmp(command, "pass") == 0) {
    holding->count = 0;
    for (void *held; (held = unhold_id(0));) release(held);
  } else {
    return 0;
  }
  answer(0);
  return 1;
}

// Splits off the first three words of a command; NULL for missing ones.
static UNUSED void split(char *line, const char *words[3]) {
  for (int i = 0; i < 3; i++) words[i] = strtok(i == 0 ? line : NULL, " ");
}

// Runs a program to its end. Returns its exit status, or 255.
static UNUSED int run(const char *const arguments[]) {
  pid_t child = fork();
  if (child == 0) {
    execvp(arguments[0], (char *const *)arguments);
    _exit(255);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 255;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// Removes the helper's directory, except for what is still mounted there.
static UNUSED void remove_home(int argc, char **argv) {
  if (argc > 1) run((const char *const[]){"rm", "-rf", "--one-file-system", argv[1], NULL});
}

#endif
