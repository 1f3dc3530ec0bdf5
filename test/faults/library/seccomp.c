// A real filter, as in containers: CAIO_SECCOMP="io_setup=1,preadv2=38" fails these system calls
// with these errno numbers. With CAIO_SECCOMP_LATE it does so after a SIGUSR2, for all threads.
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plan.h"

static const struct {
  const char *name;
  int number;
} known[] = {
    {"io_setup", SYS_io_setup},
    {"io_submit", SYS_io_submit},
    {"io_getevents", SYS_io_getevents},
    {"preadv2", SYS_preadv2},
    {"pwritev2", SYS_pwritev2},
    {"openat2", 437},
    {"io_destroy", SYS_io_destroy},
    {"statx", SYS_statx},
    {"faccessat2", 439},
    {"cachestat", 451},
    {"mincore", SYS_mincore},
    {"copy_file_range", SYS_copy_file_range},
    {"io_uring_setup", SYS_io_uring_setup},
    {"io_uring_enter", SYS_io_uring_enter},
    {"io_uring_register", SYS_io_uring_register},
};

static struct sock_filter program[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
static unsigned short length = 1;

static void refuse(const char *name, unsigned error) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(known[i].name, name) != 0) continue;
    program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)known[i].number, 0, 1);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
    return;
  }
  dprintf(2, "no such system call: %s\n", name);
  _exit(99);
}

static void install(int flags) {
  const struct sock_fprog filter = {length, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      real_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, (long)&filter, 0, 0, 0) == 0)
    return;
  dprintf(2, "no filter could be installed\n");
  _exit(99);
}

static void install_late(int signal) {
  (void)signal;
  install(SECCOMP_FILTER_FLAG_TSYNC);
}

__attribute__((constructor)) static void prepare(void) {
  const char *wanted = getenv("CAIO_SECCOMP");
  if (!wanted || !*wanted) return;
  char name[32];
  unsigned error;
  for (int used; sscanf(wanted, "%31[a-z0-9_]=%u%n", name, &error, &used) == 2; wanted += used + (wanted[used] == ','))
    refuse(name, error);
  program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  if (getenv("CAIO_SECCOMP_LATE")) {
    signal(SIGUSR2, install_late);
  } else {
    install(0);
  }
}
