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

  // Loop thread, at the end of the environment or of the process. Brings to its end all that changes a file, and what has begun; drops
  // the reads that nothing has begun. Afterwards nobody writes to any caller's memory. Nobody submits meanwhile.
  virtual void Finish() = 0;

  // Loop thread, once. Finish, and gives back what the engine has. What is submitted afterwards is unserved.
  virtual void Close() = 0;
};

}  // namespace caio
