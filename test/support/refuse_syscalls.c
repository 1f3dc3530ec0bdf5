// refuse_syscalls ERRNO NAME[,NAME…] PROGRAM [ARGUMENT…]: runs a program under a real seccomp
// filter that fails these system calls with that errno (a number), and allows all others.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
  const char *name;
  unsigned number;
} known[] = {
    {"io_setup", SYS_io_setup}, {"io_submit", SYS_io_submit}, {"preadv2", SYS_preadv2}, {"pwritev2", SYS_pwritev2},
    {"openat2", 437},           {"statx", SYS_statx},         {"io_uring_setup", 425},
};
enum { KNOWN = sizeof known / sizeof *known };

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "refuse_syscalls ERRNO NAME[,NAME...] PROGRAM [ARGUMENT...]\n"), 2;
  const unsigned refusal = SECCOMP_RET_ERRNO | ((unsigned)atoi(argv[1]) & SECCOMP_RET_DATA);
  struct sock_filter filter[2 * KNOWN + 2];
  unsigned short length = 0;
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (char *name = strtok(argv[2], ","); name; name = strtok(NULL, ",")) {
    int at = 0;
    while (at < KNOWN && strcmp(known[at].name, name) != 0) at++;
    if (at == KNOWN || length > 2 * KNOWN) return fprintf(stderr, "unknown system call: %s\n", name), 2;
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, known[at].number, 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("seccomp");
    return 2;
  }
  execvp(argv[3], argv + 3);
  perror(argv[3]);
  return 2;
}
