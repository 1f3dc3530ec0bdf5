// How a read that must not wait finds out whether its pages are in memory.
#pragma once

#include <cstdint>

namespace caio {

// None of these checks waits.
enum class PageCheck : uint8_t {
  kNowait,   // the read itself, with RWF_NOWAIT
  kMapped,   // mincore(2) on mapped pages: images
  kLayered,  // the same on the file's layer under an overlay, if that is on a local file system
  kSwapped,  // cachestat(2), for pages swapped out: memory
  kNone,     // none needed: in memory, without swap
};

inline bool IsMapped(PageCheck check) { return check == PageCheck::kMapped || check == PageCheck::kLayered; }

}  // namespace caio
