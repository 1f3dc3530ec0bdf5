#include "file_control.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "../support/checked.h"

namespace caio {

int64_t PerformControl(const Request& request) {
  if (request.opcode == Opcode::kFtruncate) {
    return Uninterrupted([&] { return ftruncate(request.fd, static_cast<off_t>(request.length)); });
  }
  if (request.opcode != Opcode::kClose) return PerformSystemControl(request);
  // What is interrupted is closed all the same.
  return close(request.fd) == 0 || errno == EINTR || errno == EINPROGRESS ? 0 : -errno;
}

}  // namespace caio
