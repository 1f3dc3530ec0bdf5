#include "file_system_of.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/sysmacros.h>

#include "../support/descriptor.h"
#include "../support/look.h"
#include "../support/open_cached.h"
#endif

namespace caio {

Whereabouts WhereaboutsOf(const Request& request) {
  Whereabouts where;
  if (!HasPath(request.opcode)) {
    where.fd = request.fd;
    return where;
  }
  if (!request.path) return where;
  const size_t size = strlen(request.path.get()) + 1;
  where.path.reset(new (std::nothrow) char[size]);
  if (where.path) memcpy(where.path.get(), request.path.get(), size);
  return where;
}

#ifdef __linux__

namespace {

FileSystem OfDescriptor(int fd) {
  struct statx known;
  if (fd < 0 || !Look(fd, STATX_TYPE, known)) return kNoFileSystem;
  return makedev(known.stx_dev_major, known.stx_dev_minor);
}

// Cuts the last name off: false if there is none.
bool ToParent(char* path) {
  char* slash = strrchr(path, '/');
  if (slash) {
    slash[slash == path ? 1 : 0] = '\0';
    return slash != path || path[1] != '\0';
  }
  if (strcmp(path, ".") == 0) return false;
  path[0] = '.';
  path[1] = '\0';
  return true;
}

}  // namespace

FileSystem FileSystemOf(const Whereabouts& where) {
  if (!where.path) return OfDescriptor(where.fd);
  const size_t size = strlen(where.path.get()) + 2;
  std::unique_ptr<char[]> path(new (std::nothrow) char[size]);
  if (!path) return kNoFileSystem;
  strcpy(path.get(), where.path.get());
  for (size_t most = size; most > 0; most--) {
    const Descriptor name(OpenCached(path.get(), O_PATH));
    if (name.valid()) return OfDescriptor(name.get());
    if (strcmp(path.get(), "/") == 0 || !ToParent(path.get())) break;
  }
  return kNoFileSystem;
}

#else

FileSystem FileSystemOf(const Whereabouts&) { return kNoFileSystem; }

#endif

}  // namespace caio
