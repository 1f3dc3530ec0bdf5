// A small file read by its path, by means that do not wait for a disk. Any thread.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "recent_paths.h"

namespace caio {

class CachedFiles {
 public:
  CachedFiles() { pthread_mutex_init(&mutex_, nullptr); }
  ~CachedFiles() { pthread_mutex_destroy(&mutex_); }

  // Reads the whole file into `memory` if path, inode and pages are all cached. The bytes read, or a negative errno, -EAGAIN
  // where it would have to wait or the file is not one for this: the caller goes to the pool. Never opens anything but a regular
  // file: opening a FIFO has effects.
  int64_t Read(const char* path, void* memory, size_t capacity);

 private:
  // File systems known by st_dev: whether NOWAIT reads of theirs neither block nor fail. Those that find no room are not.
  struct Device {
    dev_t device;
    bool suitable;
  };

  const Device* Find(dev_t device) const;
  bool Learn(dev_t device, int fd);
  // 0 for a regular file of a suitable file system, or a negative errno.
  int64_t Look(const char* path);
  int64_t LookByStat(const char* path) const;
  int64_t LookByName(const char* path);

  std::array<Device, 64> devices_;
  std::atomic<size_t> known_{0};
  pthread_mutex_t mutex_;  // of who adds one
  RecentPaths recent_;
};

}  // namespace caio
