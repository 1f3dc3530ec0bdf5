// A file descriptor that is closed when it goes out of scope.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <utility>

namespace caio {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // Closes it now. 0, or a negative errno: some file systems report only here that a write was lost.
  int Close() {
    const int result = close(std::exchange(fd_, -1));
    // If a signal interrupts close(2), the descriptor is closed all the same.
    return result == 0 || errno == EINTR || errno == EINPROGRESS ? 0 : -errno;
  }

 private:
  int fd_;
};

}  // namespace caio
