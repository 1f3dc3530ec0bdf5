// How reads that may not wait are told whether what they read is in memory.
#pragma once

#include <cstdint>

namespace caio {

// What is asked, which waits for nothing.
enum class PageCheck : uint8_t {
  kNowait,   // by the read itself, RWF_NOWAIT
  kMapped,   // by a look at its pages, mapped: images
  kLayered,  // the same, of the layer that an overlay has the file in, if that is a local file system
  kSwapped,  // by asking what has been swapped out: memory
  kNone,     // there is no swap: nothing of it can be elsewhere
};

inline bool IsMapped(PageCheck check) { return check == PageCheck::kMapped || check == PageCheck::kLayered; }

}  // namespace caio
