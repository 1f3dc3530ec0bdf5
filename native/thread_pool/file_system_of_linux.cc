#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cstring>
#include <new>

#include "../support/descriptor.h"
#include "../support/open_cached.h"
#include "../support/platform.h"
#include "file_system_of.h"

namespace caio {

namespace {

FileSystem OfDescriptor(int fd) {
  dev_t device;
  ino_t inode;
  return LookWhich(fd, &device, &inode) ? device : kNoFileSystem;
}

// Removes the last name. False if there is none.
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

FileSystem OfPath(const char* given) {
  const size_t size = strlen(given) + 2;
  std::unique_ptr<char[]> path(new (std::nothrow) char[size]);
  if (!path) return kNoFileSystem;
  strcpy(path.get(), given);
  for (size_t most = size; most > 0; most--) {
    const Descriptor name(OpenCached(path.get(), O_PATH));
    if (name.valid()) return OfDescriptor(name.get());
    if (strcmp(path.get(), "/") == 0 || !ToParent(path.get())) break;
  }
  return kNoFileSystem;
}

bool IsOnDisk(FileSystem file_system) { return file_system != kNoFileSystem && major(file_system) != 0; }

}  // namespace

FileSystem FileSystemOf(const Whereabouts& where) {
  if (!where.path) return OfDescriptor(where.fd);
  const FileSystem first = OfPath(where.path.get());
  if (!where.other_path) return first;
  const FileSystem second = OfPath(where.other_path.get());
  if (second == kNoFileSystem) return IsOnDisk(first) ? kNoFileSystem : first;
  return IsOnDisk(second) ? first : second;
}

}  // namespace caio
