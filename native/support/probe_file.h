// A temporary file to prove that an engine works. Its name is removed from the directory at once.
#pragma once

namespace caio {

// A descriptor of an unnamed file in `directory`, or a negative errno.
int OpenTemporary(const char* directory);

class ProbeFile {
 public:
  // A file in memory, so that nothing waits for a disk; in `directory` if there is none.
  explicit ProbeFile(const char* directory);
  ~ProbeFile();
  ProbeFile(const ProbeFile&) = delete;
  ProbeFile& operator=(const ProbeFile&) = delete;

  // The descriptor, or a negative errno.
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace caio
