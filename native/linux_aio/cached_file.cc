#include "cached_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../descriptor.h"
#include "../mutex_lock.h"
#include "../nanoseconds.h"
#include "open_cached.h"

namespace caio {

namespace {

// Local file systems that serve RWF_NOWAIT reads from the page cache (DESIGN, fact 13).
bool ServesNowait(int fd) {
  struct statfs status;
  if (fstatfs(fd, &status) != 0) return false;
  switch (static_cast<uint32_t>(status.f_type)) {
    case 0xEF53:      // ext4
    case 0x58465342:  // xfs
    case 0x9123683E:  // btrfs
      return true;
    default:
      return false;
  }
}

}  // namespace

const CachedFiles::Device* CachedFiles::Find(dev_t device) const {
  const size_t known = known_.load(std::memory_order_acquire);
  for (size_t i = 0; i < known; i++) {
    if (devices_[i].device == device) return &devices_[i];
  }
  return nullptr;
}

bool CachedFiles::Learn(dev_t device, int fd) {
  if (const Device* known = Find(device)) return known->suitable;
  const bool suitable = ServesNowait(fd);
  MutexLock lock(mutex_);
  if (Find(device)) return suitable;
  const size_t index = known_.load(std::memory_order_relaxed);
  if (index == devices_.size()) return false;
  devices_[index] = {device, suitable};
  known_.store(index + 1, std::memory_order_release);
  return suitable;
}

// What was looked up a moment ago does not wait for a disk, and this takes less than half as long as LookByName. Only where the path
// has become a link, or a mount, to a slow file system in that moment, it waits for that.
int64_t CachedFiles::LookByStat(const char* path) const {
  struct stat status;
  if (stat(path, &status) != 0) return -errno;
  const Device* known = Find(status.st_dev);
  return S_ISREG(status.st_mode) && known && known->suitable ? 0 : -EOPNOTSUPP;
}

// By a descriptor that names the file without opening it.
int64_t CachedFiles::LookByName(const char* path) {
  const Descriptor name(OpenCached(path, O_PATH));
  if (!name.valid()) return name.get();
  struct stat status;
  return fstat(name.get(), &status) == 0 && S_ISREG(status.st_mode) && Learn(status.st_dev, name.get()) ? 0 : -EOPNOTSUPP;
}

int64_t CachedFiles::Look(const char* path) {
  const uint64_t now = Nanoseconds();
  if (recent_.Has(path, now)) return LookByStat(path);
  const int64_t unfit = LookByName(path);
  if (unfit == 0) recent_.Add(path, now);
  return unfit;
}

int64_t CachedFiles::Read(const char* path, void* memory, size_t capacity) {
  const int64_t unfit = Look(path);
  if (unfit != 0) return unfit;
  const Descriptor fd(OpenCached(path, O_RDONLY | O_NONBLOCK));
  if (!fd.valid()) return fd.get();
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return -errno;
  if (!S_ISREG(status.st_mode) || status.st_size <= 0 || static_cast<uint64_t>(status.st_size) > capacity) return -EAGAIN;
  iovec target{memory, static_cast<size_t>(status.st_size)};
  const ssize_t read = preadv2(fd.get(), &target, 1, 0, RWF_NOWAIT);
  if (read < 0) return -errno;
  // Short: changed meanwhile, or cut by an old kernel. The pool reads it properly.
  return read == status.st_size ? read : -EAGAIN;
}

}  // namespace caio
