// A file system of its own in an image, which can be frozen, as snapshots and backups do it: ioctl_fifreeze(2).
//
//   mount IMAGE POINT [OPTIONS]  mounts it by a loop device
//   bind DEVICE POINT   mounts a block device
//   unmount             unmounts it
//   freeze MS           freezes it, for so many milliseconds at most
//   thaw                thaws it
//
// Each is answered with `done` or `failed WHY`. It is thawed and unmounted when stdin ends.
#include "helper.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static char point[512];
// descriptor of the mounted root, while it is frozen
static int root = -1;
static long deadline;

static int thaw(void) {
  if (root < 0) return 0;
  const int error = ioctl(root, FITHAW, 0) == 0 || errno == EINVAL ? 0 : errno;
  close(root);
  root = -1;
  return error;
}

static int freeze(long ms) {
  if (root >= 0) return EBUSY;
  root = open(point, O_RDONLY | O_CLOEXEC);
  if (root < 0) return errno;
  if (ioctl(root, FIFREEZE, 0) == 0) {
    deadline = now_ms() + ms;
    return 0;
  }
  const int error = errno;
  close(root);
  root = -1;
  return error;
}

static int unmount(int flags) {
  if (!point[0]) return 0;
  if (umount2(point, flags) != 0) return errno;
  point[0] = '\0';
  return 0;
}

static int mount_at(const char *what, const char *where, const char *how) {
  if (point[0]) return EBUSY;
  if (run((const char *const[]){"mount", "-o", how, what, where, NULL}) != 0) return EIO;
  snprintf(point, sizeof point, "%s", where);
  return 0;
}

static void obey(char *line) {
  const char *command = strtok(line, " ");
  const char *first = strtok(NULL, " ");
  const char *second = strtok(NULL, " ");
  const char *third = strtok(NULL, " ");
  char options[256];
  if (!command) return;
  snprintf(options, sizeof options, "loop%s%s", third ? "," : "", third ? third : "");
  if (strcmp(command, "mount") == 0 && second) return answer(mount_at(first, second, options));
  if (strcmp(command, "bind") == 0 && second) return answer(mount_at(first, second, "rw"));
  if (strcmp(command, "unmount") == 0) return answer(unmount(0));
  if (strcmp(command, "freeze") == 0 && first) return answer(freeze(atol(first)));
  if (strcmp(command, "thaw") == 0) return answer(thaw());
  answer(EINVAL);
}

int main(int argc, char **argv) {
  begin_helper();
  while (!stopped) {
    const long left = root < 0 ? -1 : deadline - now_ms();
    if (root >= 0 && left <= 0) thaw();
    struct pollfd file = {STDIN_FILENO, POLLIN, 0};
    poll(&file, 1, root < 0 ? -1 : (int)left);
    if (file.revents) {
      for (char *line; (line = next_line());) obey(line);
    }
  }
  thaw();
  unmount(MNT_DETACH);
  remove_home(argc, argv);
  return 0;
}
