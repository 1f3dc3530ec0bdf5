// A small file read by its path, by means that do not wait for a disk. Any thread.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

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
  bool IsSuitable(int path_fd);
  bool Learn(dev_t device, int fd);

  // File systems known by st_dev: whether NOWAIT reads of theirs neither block nor fail. Those that find no room are not.
  struct Device {
    dev_t device;
    bool suitable;
  };
  std::array<Device, 64> devices_;
  std::atomic<size_t> known_{0};
  pthread_mutex_t mutex_;  // of who adds one
};

}  // namespace caio
