// An automount by autofs(5): walking through its point waits until this program has mounted something there.
//
//   mount POINT DIRECTORY   makes the point, at which DIRECTORY is mounted each time
//   expire                  unmounts it, so that the next walk waits again
//   hold MS COUNT           the next COUNT walks wait, each until it is freed, or for so many milliseconds
//   free ID                 mounts it for one walk
//   pass                    mounts it for all walks, and holds none from now on
//
// Each is answered with `done` or `failed WHY`. Event: `held ID walk THREAD NAME`.
#include "helper.h"

#include <linux/auto_fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static char point[512], source[512];
// The pipe of the kernel's requests, and the root of the automount itself.
static int asked = -1, root = -1, bound;
static struct holding holding;

static void serve(unsigned token) {
  if (!bound && mount(source, point, NULL, MS_BIND, NULL) != 0) {
    fprintf(stderr, "automounted: %s\n", strerror(errno));
    ioctl(root, AUTOFS_IOC_FAIL, token);
    return;
  }
  bound = 1;
  ioctl(root, AUTOFS_IOC_READY, token);
}

static void release(void *token) { serve((unsigned)(uintptr_t)token); }

static void take(const struct autofs_v5_packet *packet) {
  const unsigned token = packet->wait_queue_token;
  if (packet->hdr.type != autofs_ptype_missing_direct || holding.count == 0) return serve(token);
  holding.count--;
  say("held %u walk %u %s", hold((void *)(uintptr_t)token, holding.ms), packet->pid, point);
}

static int mount_at(const char *where, const char *directory) {
  int ends[2];
  char options[256];
  if (pipe2(ends, O_DIRECT | O_CLOEXEC) != 0) return errno;
  // Processes of this group, including this one, walk through it without waiting.
  snprintf(options, sizeof options, "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1], getpgrp());
  if (mount("automounted", where, "autofs", MS_NOSUID | MS_NODEV, options) != 0) return errno;
  close(ends[1]);
  asked = ends[0];
  fcntl(asked, F_SETFL, fcntl(asked, F_GETFL) | O_NONBLOCK);
  root = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  snprintf(point, sizeof point, "%s", where);
  snprintf(source, sizeof source, "%s", directory);
  return root < 0 ? errno : 0;
}

static int expire(void) {
  // Lazily: files there may be open.
  if (bound && umount2(point, MNT_DETACH) != 0) return errno;
  bound = 0;
  return 0;
}

static void obey(char *line) {
  const char *words[3];
  split(line, words);
  if (!words[0]) return;
  if (strcmp(words[0], "mount") == 0 && words[2]) return answer(mount_at(words[1], words[2]));
  if (strcmp(words[0], "expire") == 0) return answer(expire());
  if (!obey_holding(words, &holding, release)) answer(EINVAL);
}

int main(int argc, char **argv) {
  begin_helper();
  while (!stopped) {
    int wait;
    for (void *token; (token = overdue(&wait));) release(token);
    struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {asked, POLLIN, 0}};
    poll(files, 2, wait);
    if (files[0].revents) {
      for (char *line; (line = next_line());) obey(line);
    }
    struct autofs_v5_packet packet;
    if (files[1].revents & POLLIN && read(asked, &packet, sizeof packet) == sizeof packet) take(&packet);
  }
  expire();
  // Waiting walks fail with ENOENT.
  if (root >= 0) ioctl(root, AUTOFS_IOC_CATATONIC), close(root);
  if (point[0]) umount2(point, MNT_DETACH);
  remove_home(argc, argv);
  return 0;
}
