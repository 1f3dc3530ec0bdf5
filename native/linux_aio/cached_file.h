// A small file read by its path on the loop thread, by means that do not wait for a disk. Loop thread only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caio {

class CachedFiles {
 public:
  // Reads the whole file into `memory` if path, inode and pages are all cached. The bytes read, or a negative errno, -EAGAIN
  // where it would have to wait or the file is not one for this: the caller goes to the pool. Never opens anything but a regular
  // file: opening a FIFO has effects.
  int64_t Read(const char* path, void* memory, size_t capacity);

 private:
  bool IsSuitable(int path_fd);
  bool Learn(dev_t device, int fd);

  // File systems known by st_dev: whether NOWAIT reads of theirs neither block nor fail.
  struct Device {
    dev_t device;
    bool suitable;
  };
  std::vector<Device> devices_;
};

}  // namespace caio
