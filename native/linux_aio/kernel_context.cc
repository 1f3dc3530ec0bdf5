#include "kernel_context.h"

namespace caio {

int KernelContext::Open(unsigned capacity) {
  const long result = abi::Setup(capacity, &id_);
  if (result < 0) {
    id_ = 0;
    return static_cast<int>(result);
  }
  auto* ring = reinterpret_cast<abi::Ring*>(id_);
  const bool known = ring->magic == abi::kRingMagic && ring->incompat_features == 0 &&
                     ring->header_length == sizeof(abi::Ring) && ring->nr > 0;
  ring_ = known ? ring : nullptr;
  return 0;
}

void KernelContext::Close() {
  if (id_ != 0) abi::Destroy(id_);
  id_ = 0;
}

long KernelContext::WaitOne(io_event* event, int seconds) {
  timespec timeout{seconds, 0};
  long count;
  while ((count = abi::GetEvents(id_, 1, 1, event, &timeout)) == -EINTR) {
  }
  return count;
}

}  // namespace caio
