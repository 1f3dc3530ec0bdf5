#include "processors.h"

#include <atomic>

namespace caio {

unsigned UsableProcessors() {
  static std::atomic<unsigned> known{0};
  unsigned usable = known.load(std::memory_order_relaxed);
  if (usable == 0) {
    usable = Usable(Processors(), ProcessorQuota());
    known.store(usable, std::memory_order_relaxed);
  }
  return usable;
}

}  // namespace caio
