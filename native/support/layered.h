// Whether a file may stand in a lower layer of an overlay, as those of a container's image do.
#pragma once

#ifdef __linux__
#include <sys/vfs.h>
#endif

#include <stdint.h>

namespace caio {

// Opened for writing, such a file is copied to the upper layer as a whole, unless it is emptied by that.
inline bool IsLayered(const char* path) {
#ifdef __linux__
  constexpr uint32_t kOverlay = 0x794c7630;  // OVERLAYFS_SUPER_MAGIC
  struct statfs file_system;
  return statfs(path, &file_system) == 0 && static_cast<uint32_t>(file_system.f_type) == kOverlay;
#else
  static_cast<void>(path);
  return false;
#endif
}

}  // namespace caio
