#include "cached_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../descriptor.h"
#include "../mutex_lock.h"
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

int64_t CachedFiles::Look(const char* path) {
  struct stat status;
  if (recent_.Has(path)) {
    // What has just been looked up does not wait for a disk, and this takes less than half as long as what follows.
    if (stat(path, &status) != 0) return -errno;
    const Device* known = Find(status.st_dev);
    if (known) return S_ISREG(status.st_mode) && known->suitable ? 0 : -EOPNOTSUPP;
  }
  // By a descriptor that names the file without opening it.
  const Descriptor name(OpenCached(path, O_PATH));
  if (!name.valid()) return name.get();
  if (fstat(name.get(), &status) != 0 || !S_ISREG(status.st_mode) || !Learn(status.st_dev, name.get())) return -EOPNOTSUPP;
  recent_.Add(path);
  return 0;
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
