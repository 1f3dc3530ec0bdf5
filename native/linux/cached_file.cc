#include "cached_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../support/descriptor.h"
#include "../support/is_fresh.h"
#include "../support/look.h"
#include "../support/open_cached.h"
#include "residency.h"

namespace caio {

namespace {

// Reads the first `length` bytes if that does not wait. Returns the bytes read or a negative errno.
int64_t ReadIfInMemory(int fd, PageCheck check, void* memory, size_t length) {
  int error = 0;
  switch (check) {
    case PageCheck::kNowait:
    case PageCheck::kNone: break;
    case PageCheck::kMapped:
    case PageCheck::kLayered: {
      const FileMap map(fd, length);
      error = map.IsTold() ? LookInMap(map.pages(), 0, length) : -EAGAIN;
      break;
    }
    case PageCheck::kSwapped: error = LookForSwapped(fd, 0, length); break;
  }
  if (error != 0) return -EAGAIN;
  // Asks for one byte more than the size, to detect a file that has grown.
  iovec target{memory, length + 1};
  const ssize_t read =
      check == PageCheck::kNowait ? preadv2(fd, &target, 1, 0, RWF_NOWAIT) : pread(fd, memory, length + 1, 0);
  return read < 0 ? -errno : read;
}

// Whether mincore(2) may tell this user anything. To other users it seldom does, and mapping the
// file to ask takes time.
bool MayBeTold(const struct statx& file) {
  const uid_t user = geteuid();
  return user == 0 || user == file.stx_uid || (file.stx_mode & (S_IWGRP | S_IWOTH)) != 0;
}

bool IsForInline(const Findings& found, const struct statx& file) {
  if (found.manner != Manner::kInline) return false;
  switch (found.check) {
    case PageCheck::kMapped: return MayBeTold(file);
    case PageCheck::kLayered: {
      const Layer layer = LayerOf(file);
      return MayBeTold(file) && (layer == Layer::kPlain || (layer == Layer::kLocking && !IsFresh(file)));
    }
    default: return true;
  }
}

}  // namespace

int64_t CachedFiles::Read(const char* path, void* memory, size_t capacity, uint64_t now, MountKey* mount) {
  struct statx file;
  {
    const Descriptor name(OpenCached(path, O_PATH));
    if (!name.valid()) return name.get();
    constexpr unsigned kLayer = STATX_UID | STATX_MODE | STATX_CTIME | STATX_BTIME;
    if (!Look(name.get(), STATX_TYPE | STATX_SIZE | kLayer | MountMask(), file)) return -errno;
  }
  *mount = MountKeyOf(file);
  const Findings found = known_.Of(*mount, now);
  if (!S_ISREG(file.stx_mode) || found.manner == Manner::kElsewhere) return -EOPNOTSUPP;
  if (!IsForInline(found, file) || file.stx_size == 0 || file.stx_size >= capacity) return -EAGAIN;
  // The path may lead to another file by now. That one is read whole, too, or not at all.
  const Descriptor fd(OpenCached(path, O_RDONLY | O_NONBLOCK));
  if (!fd.valid()) return fd.get();
  const int64_t read = ReadIfInMemory(fd.get(), found.check, memory, static_cast<size_t>(file.stx_size));
  if (read < 0) return read;
  // Another length: the file has changed, or an old kernel cut the read short. The pool reads it
  // again.
  return static_cast<uint64_t>(read) == file.stx_size ? read : -EAGAIN;
}

}  // namespace caio
