// The pool as its environment uses it, without one: everything is served exactly once, however submissions, syncs, cancellations and the
// end fall together. Run with ThreadSanitizer, with AddressSanitizer, and under valgrind.
#include "../../native/thread_pool/thread_pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "check.h"
#include "unwatched_queue.h"

namespace {

using caio::Completion;
using caio::Opcode;
using caio::Request;

constexpr size_t kBlock = 512;
size_t served = 0, cancelled = 0;

Request Make(uint32_t id, Opcode opcode, int fd, char* memory) {
  Request request;
  request.id = id;
  request.opcode = opcode;
  request.fd = fd;
  if (caio::IsSync(opcode)) return request;
  request.offset = static_cast<int64_t>(id) * kBlock;
  request.length = kBlock;
  request.single = {memory, kBlock};
  return request;
}

// Submits in batches, cancels some, waits for the rest. With `abandon`, the pool is closed with work under way.
void Round(unsigned threads, uint32_t seed, int fd, bool abandon) {
  std::minstd_rand random(seed + 1);
  constexpr uint32_t kCount = 600;
  // Freed when this returns: who writes to it later writes to memory that is gone.
  std::vector<char> memory(kCount * kBlock);
  std::vector<int> settled(kCount);
  caio::CompletionQueue queue;
  Check(queue.Open() == 0, "the queue opens");
  caio::ThreadPool pool(queue, threads);
  std::vector<Request> batch;
  std::vector<Completion> finished;
  size_t left = kCount;
  const auto settle = [&] {
    for (const Completion& completion : finished) {
      settled[completion.id]++;
      served++;
      left--;
      Check(completion.result == 0 || completion.result == static_cast<int64_t>(kBlock), "it succeeds");
    }
    finished.clear();
  };
  for (uint32_t id = 0; id < kCount; id++) {
    const Opcode opcodes[] = {Opcode::kWrite,  Opcode::kRead,  Opcode::kWrite,
                              Opcode::kFdsync, Opcode::kWrite, Opcode::kFsync};
    char* own = memory.data() + id * kBlock;
    memset(own, static_cast<int>(id % 251), kBlock);
    Request request = Make(id, opcodes[random() % 6], fd, own);
    request.durable = IsWrite(request.opcode) && random() % 4 == 0;
    batch.push_back(std::move(request));
    if (random() % 16 != 0 && id + 1 < kCount) continue;
    pool.Submit(batch.data(), batch.size(), finished);
    batch.clear();
    if (random() % 4 == 0) {
      const uint32_t victim = random() % (id + 1);
      if (pool.Cancel(0, victim)) {
        settled[victim]++;
        cancelled++;
        left--;
      }
    }
    if (random() % 8 == 0) queue.Drain(finished);
    settle();
  }
  if (!abandon) {
    while (left > 0 && queue.Wait(10000)) {
      queue.Drain(finished);
      settle();
    }
    Check(left == 0, "all are served");
  }
  pool.Close();
  queue.Drain(finished);
  settle();
  for (int times : settled) Check(abandon ? times <= 1 : times == 1, "each is settled once");
}

}  // namespace

int main() {
  char path[] = "/tmp/caio-pool-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  Check(fd >= 0 && ftruncate(fd, 1 << 20) == 0, "a file");
  for (uint32_t round = 0; round < 40; round++) Round(1 + round % 8, round, fd, round % 4 == 3);
  printf("%zu served, %zu cancelled, %d failures\n", served, cancelled, failures);
  return failures == 0 ? 0 : 1;
}
