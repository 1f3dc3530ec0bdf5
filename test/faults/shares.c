// Emulates other file systems' answers to the calls of a copy, below directories of their names.
// `cifs`: no mode can be changed, as on a share mounted without `noperm`. `ceph`: a read-only file
// cannot be truncated, as under ceph-fuse.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_in(int fd, const char *share) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return strstr(path, share) != NULL;
}

static int refuse(int error) {
  errno = error;
  return -1;
}

int fchmod(int fd, mode_t mode) { return is_in(fd, "/cifs/") ? refuse(EPERM) : REAL(fchmod)(fd, mode); }

int fstatfs64(int fd, struct statfs64 *status) {
  const int result = REAL(fstatfs64)(fd, status);
  if (result == 0 && is_in(fd, "/cifs/")) status->f_type = 0xff534d42;
  return result;
}
int fstatfs(int fd, struct statfs *status) { return fstatfs64(fd, (struct statfs64 *)status); }

int ftruncate64(int fd, off64_t length) {
  struct stat status;
  const bool refused = is_in(fd, "/ceph/") && fstat(fd, &status) == 0 && (status.st_mode & 0222) == 0;
  return refused ? refuse(EACCES) : REAL(ftruncate64)(fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
