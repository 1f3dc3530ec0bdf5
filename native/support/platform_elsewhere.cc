#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"
#include "processors.h"

namespace caio {

int OpenSignal(int* read_fd, int* write_fd) {
  int fds[2];
  if (pipe(fds) != 0) return -errno;
  for (int fd : fds) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  *read_fd = fds[0];
  *write_fd = fds[1];
  return 0;
}

void NameThread([[maybe_unused]] const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#endif
}

int OpenInMemory(const char*) { return -1; }

void FaultIn(const iovec&) {}

uint32_t FileSystemType(const char*) { return 0; }
uint32_t FileSystemType(int) { return 0; }

int64_t StatFileSystem(const char*, FileSystemStatus&) { return -EAGAIN; }

bool LookWhich(int, dev_t*, ino_t*) { return false; }

int LookBeforeWriting(const char* path, int fd, struct stat* status) {
  return path ? stat(path, status) : fstat(fd, status);
}

bool LookAtSize(const char*, int, bool, struct stat*) { return false; }

bool IsOnNoDevice(const struct stat&) { return false; }

bool SendBytes(int, int, off_t*, off_t, int64_t*) { return false; }

int StartWritingBack(int, int64_t, int64_t) { return -ENOSYS; }

unsigned Processors() {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<unsigned>(count) : 1;
}

double ProcessorQuota() { return 0; }

}  // namespace caio
