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
  // An interrupted close(2) has closed the descriptor.
  return close(request.fd) == 0 || errno == EINTR || errno == EINPROGRESS ? 0 : -errno;
}

}  // namespace caio
