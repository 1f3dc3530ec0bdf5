#include "probe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform.h"

namespace caio {

int OpenTemporary(const char* directory) {
#ifdef O_TMPFILE
  const int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
#endif
  char path[PATH_MAX];
  const int length = snprintf(path, sizeof path, "%s/caio-probe-XXXXXX", directory);
  if (length < 0 || length >= static_cast<int>(sizeof path)) return -ENAMETOOLONG;
  const int named = mkstemp(path);
  if (named < 0) return -errno;
  fcntl(named, F_SETFD, FD_CLOEXEC);
  unlink(path);
  return named;
}

ProbeFile::ProbeFile(const char* directory) : fd_(OpenInMemory("caio-probe")) {
  if (fd_ < 0) fd_ = OpenTemporary(directory);
}

ProbeFile::~ProbeFile() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace caio
