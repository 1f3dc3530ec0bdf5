// A temporary file to prove an engine on, gone from the directory at once.
#pragma once

namespace caio {

// A file in `directory` that has no name any more: a descriptor, or a negative errno.
int OpenTemporary(const char* directory);

class ProbeFile {
 public:
  // In memory, so that no disk is waited for; where that cannot be had, in `directory`.
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
