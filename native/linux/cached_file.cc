#include "cached_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../support/descriptor.h"
#include "../support/look.h"
#include "../support/open_cached.h"

namespace caio {

int64_t CachedFiles::Read(const char* path, void* memory, size_t capacity, uint64_t now, MountKey* mount) {
  struct statx file;
  {
    const Descriptor name(OpenCached(path, O_PATH));
    if (!name.valid()) return name.get();
    if (!Look(name.get(), STATX_TYPE | STATX_SIZE | MountMask(), file)) return -errno;
  }
  *mount = MountKeyOf(file);
  const Manner manner = known_.Of(*mount, now);
  if (!S_ISREG(file.stx_mode) || manner == Manner::kElsewhere) return -EOPNOTSUPP;
  if (manner != Manner::kInline || file.stx_size == 0 || file.stx_size >= capacity) return -EAGAIN;
  // In the microsecond since, the path may have become another file's: it is read whole all the same, or not at all.
  const Descriptor fd(OpenCached(path, O_RDONLY | O_NONBLOCK));
  if (!fd.valid()) return fd.get();
  // One byte more than there is: a file that has grown shows.
  iovec target{memory, static_cast<size_t>(file.stx_size) + 1};
  const ssize_t read = preadv2(fd.get(), &target, 1, 0, RWF_NOWAIT);
  if (read < 0) return -errno;
  // Another length: changed meanwhile, or cut by an old kernel. The pool reads it properly.
  return static_cast<uint64_t>(read) == file.stx_size ? read : -EAGAIN;
}

}  // namespace caio
