// Interface of every native engine. No Node-API: an engine moves bytes and knows nothing of
// promises.
#pragma once

#include <cstddef>
#include <vector>

#include "request.h"

namespace caio {

class Engine {
 public:
  virtual ~Engine() = default;

  // Loop thread. Takes over every request of the batch. Appends those that finish inside the call
  // to `finished`; each other request completes later, exactly once, in the completion queue or in
  // Reap.
  virtual void Submit(Request* batch, size_t count, std::vector<Completion>& finished) = 0;

  // Loop thread. Takes back a request that has not been begun; false if it is too late.
  virtual bool Cancel(uint32_t channel, uint32_t id) = 0;

  // Loop thread, after a wake-up. Appends completions that the engine itself collects.
  virtual void Reap(std::vector<Completion>& finished) = 0;

  // Loop thread, at the end of the environment or the process. Completes everything that changes a
  // file and everything begun; drops reads not begun. Afterwards no caller's memory is written to.
  // Nothing may be submitted meanwhile.
  virtual void Finish() = 0;

  // Loop thread, once. Finishes, and releases the engine's resources. Later requests are unserved.
  virtual void Close() = 0;
};

}  // namespace caio
