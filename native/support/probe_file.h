// A temporary file for the proof that an engine works. Its name is removed from the directory at once.
#pragma once

namespace caio {

// A descriptor of a file in `directory` that has no name, or a negative errno.
int OpenTemporary(const char* directory);

class ProbeFile {
 public:
  // In memory, so that nothing waits for a disk; in `directory` if there are no files in memory.
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
