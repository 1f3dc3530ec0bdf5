#include "prove_queue.h"

#include <errno.h>

#include <cstring>

namespace caio {

namespace {

// Serves one request in full: 0, or a negative errno.
int Serve(KernelQueue& queue, Request& request) {
  const KernelCommand command{0, &request, 0};
  const long submitted = queue.Submit(&command, 1);
  if (submitted < 1) return submitted == 0 ? -EAGAIN : static_cast<int>(submitted);
  KernelEvent event{};
  // On a file in memory, kernel AIO completes within io_submit. An io_uring may leave the work to
  // a kernel thread.
  const long answered = queue.Reap(&event, 1) == 1 ? 1 : queue.WaitOne(&event, 5);
  if (answered < 1) return answered == 0 ? -ETIMEDOUT : static_cast<int>(answered);
  if (event.result < 0) return static_cast<int>(event.result);
  return static_cast<uint64_t>(event.result) == request.single.iov_len ? 0 : -EIO;
}

}  // namespace

int ProveQueue(KernelQueue& queue, int fd, const char** step) {
  char out[] = "caio probe";
  char in[sizeof out] = {};
  Request request;
  request.fd = fd;
  *step = "write";
  request.opcode = Opcode::kWrite;
  request.single = {out, sizeof out};
  int error = Serve(queue, request);
  if (error == 0) {
    *step = "read";
    request.opcode = Opcode::kRead;
    request.single = {in, sizeof in};
    error = Serve(queue, request);
  }
  if (error == 0 && memcmp(in, out, sizeof out) != 0) error = -EIO;
  // An unanswered request may still use `in` or `out`: the queue is closed before they go.
  if (error != 0) queue.Close();
  return error;
}

}  // namespace caio
