// What every native engine is. No Node-API: an engine moves bytes and knows nothing of promises.
#pragma once

#include <cstddef>
#include <vector>

#include "request.h"

namespace caio {

class Engine {
 public:
  virtual ~Engine() = default;

  // Loop thread. Takes over every request of the batch. What finishes inside the call is appended to `finished`; each of the
  // others appears later, exactly once, in the completion queue or in Reap.
  virtual void Submit(Request* batch, size_t count, std::vector<Completion>& finished) = 0;

  // Loop thread. Takes back a request that nothing has begun to serve; false if it is too late.
  virtual bool Cancel(uint32_t channel, uint32_t id) = 0;

  // Loop thread, after a wake-up. Appends what the engine itself has to collect.
  virtual void Reap(std::vector<Completion>& finished) = 0;

  // Loop thread, once. Drops what has not begun, waits for what has; afterwards nobody writes to any caller's memory.
  virtual void Close() = 0;
};

}  // namespace caio
