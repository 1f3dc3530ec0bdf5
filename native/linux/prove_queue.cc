#include "prove_queue.h"

#include <errno.h>

#include <cstring>

namespace caio {

namespace {

int Prove(KernelQueue& queue, Request& request, char* out, char* in, size_t length, const char** step) {
  struct Step {
    const char* name;
    Opcode opcode;
    char* memory;
    size_t length;
  };
  const Step steps[] = {
      {"write", Opcode::kWrite, out, length},
      {"read", Opcode::kRead, in, length},
  };
  for (const Step& each : steps) {
    *step = each.name;
    request.opcode = each.opcode;
    request.single = {each.memory, each.length};
    const KernelCommand command{0, &request, 0};
    const long submitted = queue.Submit(&command, 1);
    if (submitted < 1) return submitted == 0 ? -EAGAIN : static_cast<int>(submitted);
    KernelEvent event{};
    // On a file in memory, kernel AIO completes within io_submit. An io_uring may leave the work to
    // a kernel thread.
    const long answered = queue.Reap(&event, 1) == 1 ? 1 : queue.WaitOne(&event, 5);
    if (answered < 1) return answered == 0 ? -ETIMEDOUT : static_cast<int>(answered);
    if (event.result < 0) return static_cast<int>(event.result);
    if (static_cast<uint64_t>(event.result) != each.length) return -EIO;
  }
  return memcmp(in, out, length) == 0 ? 0 : -EIO;
}

}  // namespace

int ProveQueue(KernelQueue& queue, int fd, const char** step) {
  char out[] = "caio probe";
  char in[sizeof out] = {};
  Request request;
  request.fd = fd;
  const int error = Prove(queue, request, out, in, sizeof out, step);
  // An unanswered request may still use `in` or `out`: the queue is closed before they go.
  if (error != 0) queue.Close();
  return error;
}

}  // namespace caio
