// A file descriptor, closed at the end of its scope.
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

  // Closes it now. 0, or a negative errno: some file systems report a lost write only here.
  int Close() {
    const int result = close(std::exchange(fd_, -1));
    // An interrupted close(2) has closed the descriptor.
    return result == 0 || errno == EINTR || errno == EINPROGRESS ? 0 : -errno;
  }

 private:
  int fd_;
};

}  // namespace caio
