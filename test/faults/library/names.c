// System calls on names. They fail as planned for paths below the plan's root, whoever makes them:
// the addon, or libuv.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// Counts one use of a call on a name, or on a descriptor without one. True if it has to fail, with errno set.
static bool fails(enum call call, int directory, const char *name) {
  char memory[PATH_ROOM];
  if (!is_named(path_at(directory, name, memory))) return false;
  const struct rule rule = use_at(call, memory);
  if (rule.action == FAIL) errno = rule.argument;
  return rule.action == FAIL;
}

#define OR_FAIL(call, directory, name, result) return fails(call, directory, name) ? -1 : (result)

int rename(const char *from, const char *to) { OR_FAIL(CALL_RENAME, AT_FDCWD, from, REAL(rename)(from, to)); }
int link(const char *from, const char *to) { OR_FAIL(CALL_LINK, AT_FDCWD, to, REAL(link)(from, to)); }
int symlink(const char *target, const char *path) {
  OR_FAIL(CALL_SYMLINK, AT_FDCWD, path, REAL(symlink)(target, path));
}
ssize_t readlink(const char *path, char *memory, size_t length) {
  OR_FAIL(CALL_READLINK, AT_FDCWD, path, REAL(readlink)(path, memory, length));
}
int unlink(const char *path) { OR_FAIL(CALL_UNLINK, AT_FDCWD, path, REAL(unlink)(path)); }
int unlinkat(int directory, const char *name, int flags) {
  OR_FAIL((flags & AT_REMOVEDIR) != 0 ? CALL_RMDIR : CALL_UNLINK, directory, name,
          REAL(unlinkat)(directory, name, flags));
}
int mkdir(const char *path, mode_t mode) { OR_FAIL(CALL_MKDIR, AT_FDCWD, path, REAL(mkdir)(path, mode)); }
int rmdir(const char *path) { OR_FAIL(CALL_RMDIR, AT_FDCWD, path, REAL(rmdir)(path)); }
int chmod(const char *path, mode_t mode) { OR_FAIL(CALL_CHMOD, AT_FDCWD, path, REAL(chmod)(path, mode)); }
int fchmod(int fd, mode_t mode) { OR_FAIL(CALL_CHMOD, fd, NULL, REAL(fchmod)(fd, mode)); }
int chown(const char *path, uid_t user, gid_t group) {
  OR_FAIL(CALL_CHOWN, AT_FDCWD, path, REAL(chown)(path, user, group));
}
int lchown(const char *path, uid_t user, gid_t group) {
  OR_FAIL(CALL_CHOWN, AT_FDCWD, path, REAL(lchown)(path, user, group));
}
int fchown(int fd, uid_t user, gid_t group) { OR_FAIL(CALL_CHOWN, fd, NULL, REAL(fchown)(fd, user, group)); }
int utimensat(int directory, const char *path, const struct timespec times[2], int flags) {
  OR_FAIL(CALL_UTIMES, directory, path, REAL(utimensat)(directory, path, times, flags));
}
int futimens(int fd, const struct timespec times[2]) { OR_FAIL(CALL_UTIMES, fd, NULL, REAL(futimens)(fd, times)); }
int access(const char *path, int mode) { OR_FAIL(CALL_ACCESS, AT_FDCWD, path, REAL(access)(path, mode)); }
int statfs64(const char *path, struct statfs64 *status) {
  OR_FAIL(CALL_STATFS, AT_FDCWD, path, REAL(statfs64)(path, status));
}
int lstat64(const char *restrict path, struct stat64 *restrict status) {
  OR_FAIL(CALL_STATX, AT_FDCWD, path, REAL(lstat64)(path, status));
}
int fstatat64(int directory, const char *restrict path, struct stat64 *restrict status, int flags) {
  OR_FAIL(CALL_STATX, directory, path, REAL(fstatat64)(directory, path, status, flags));
}

int openat64(int directory, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = va_arg(rest, int);
  va_end(rest);
  OR_FAIL((flags & O_DIRECTORY) != 0 ? CALL_OPENDIR : CALL_OPEN, directory, path,
          REAL(openat64)(directory, path, flags, mode));
}

DIR *opendir(const char *path) { return fails(CALL_OPENDIR, AT_FDCWD, path) ? NULL : REAL(opendir)(path); }
struct dirent64 *readdir64(DIR *directory) {
  return fails(CALL_READDIR, dirfd(directory), NULL) ? NULL : REAL(readdir64)(directory);
}
int scandir64(const char *restrict path, struct dirent64 ***restrict names, int (*select)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  OR_FAIL(CALL_OPENDIR, AT_FDCWD, path, REAL(scandir64)(path, names, select, compare));
}
char *mkdtemp(char *template) { return fails(CALL_MKDTEMP, AT_FDCWD, template) ? NULL : REAL(mkdtemp)(template); }
char *realpath(const char *restrict path, char *restrict resolved) {
  return fails(CALL_REALPATH, AT_FDCWD, path) ? NULL : REAL(realpath)(path, resolved);
}

// Counts by the file that is written to.
ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) {
  char memory[PATH_ROOM];
  struct rule rule = {0};
  if (is_named(path_at(to, NULL, memory))) rule = use_at(CALL_COPY, memory);
  if (rule.action == SHORT && length > (size_t)rule.argument) length = (size_t)rule.argument;
  if (rule.action == FAIL) errno = rule.argument;
  return rule.action == FAIL ? -1 : REAL(sendfile64)(to, from, offset, length);
}
