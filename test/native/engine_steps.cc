// The engine ends while one of its threads is at each step: one that submits to the kernel, or that
// serves a batch with the loop. The thread is held there, the engine and the pool are closed, the
// thread is released. Each write is answered once, including those that the kernel refuses; nothing
// writes to the memory afterwards, and no thread is left.
#include "../../native/linux/aio/kernel_context.h"
#include "../../native/linux/engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "../../native/support/nanoseconds.h"
#include "../../native/thread_pool/thread_pool.h"
#include "check.h"
#include "holder.h"
#include "unwatched_queue.h"

namespace {

using caio::Completion;
using caio::Opcode;
using caio::Request;

constexpr size_t kBlock = 4096;
constexpr uint32_t kCount = 256;
Holder holder;
pthread_t loop;

struct Files {
  int direct, refused, buffered;
};

enum class Kind { kWrite, kRefused, kDirectRead, kCachedRead };

struct Round {
  explicit Round(const Files& its) : files(its), pool(queue, 2) {
    Check(queue.Open() == 0, "the queue opens");
    memory = static_cast<char*>(aligned_alloc(kBlock, kCount * kBlock));
    memset(memory, 'x', kCount * kBlock);
    engine = std::make_unique<caio::LinuxEngine>(std::make_unique<caio::KernelContext>(), queue, pool, known);
    const char* step = "";
    Check(engine->Open("/tmp", &step) == 0, step);
    caio::MountKey mount;
    Check(caio::FindMount(files.buffered, &mount), "the file system is found");
    known.Learn(mount, {caio::Manner::kInline}, caio::Nanoseconds());
  }

  Request Make(uint32_t id, Kind kind) {
    kinds[id] = kind;
    Request request;
    request.id = id;
    request.opcode = kind == Kind::kWrite || kind == Kind::kRefused ? Opcode::kWrite : Opcode::kRead;
    request.fd = kind == Kind::kRefused ? files.refused : kind == Kind::kCachedRead ? files.buffered : files.direct;
    request.offset = static_cast<int64_t>(id) * static_cast<int64_t>(kBlock);
    request.length = kBlock;
    request.single = {memory + id * kBlock, kBlock};
    return request;
  }

  void Settle() {
    queue.Drain(finished);
    for (const Completion& completion : finished) {
      settled[completion.id]++;
      const bool refused = kinds[completion.id] == Kind::kRefused;
      Check(completion.result == (refused ? -EBADF : static_cast<int64_t>(kBlock)), "with its own result");
    }
    finished.clear();
  }

  // All of one kind per batch, so that reads are shared with the helper.
  void Submit(uint32_t from, uint32_t to, Kind kind) {
    std::vector<Request> batch;
    for (uint32_t id = from; id < to; id++) batch.push_back(Make(id, kind));
    engine->Submit(batch.data(), batch.size(), finished);
  }

  Files files;
  caio::KnownFileSystems known;
  caio::CompletionQueue queue;
  caio::ThreadPool pool;
  std::unique_ptr<caio::LinuxEngine> engine;
  char* memory;
  std::vector<Kind> kinds = std::vector<Kind>(kCount);
  std::vector<int> settled = std::vector<int>(kCount);
  std::vector<Completion> finished;
};

void CloseAt(const char* place, const Files& files) {
  Round round(files);
  // Reads often enough that the engine trusts it, in batches too small to be shared.
  for (uint32_t id = 0; id < 24; id += 8) round.Submit(id, id + 8, Kind::kCachedRead);
  holder.Arm(place);
  round.Submit(24, 48, Kind::kWrite);
  round.Submit(48, 64, Kind::kRefused);
  round.Submit(64, 96, Kind::kDirectRead);
  // The helper and the loop take from the same batch: sometimes the helper comes too late.
  for (uint32_t id = 96; id + 32 <= kCount; id += 32) round.Submit(id, id + 32, Kind::kCachedRead);
  const bool held = holder.AwaitHeld(strstr(place, "a part") ? 1 : 20);
  Check(held || strstr(place, "a part"), place);
  pthread_t closer;
  pthread_create(
      &closer, nullptr,
      [](void* data) -> void* {
        auto* its = static_cast<Round*>(data);
        // As the environment does it.
        its->engine.reset();
        its->pool.Close();
        return nullptr;
      },
      &round);
  usleep(2000);
  holder.Release();
  pthread_join(closer, nullptr);
  round.Settle();
  for (uint32_t id = 0; id < kCount; id++) {
    const bool writes = round.kinds[id] == Kind::kWrite || round.kinds[id] == Kind::kRefused;
    Check(writes ? round.settled[id] == 1 : round.settled[id] <= 1, "writes are told of once, reads at most");
  }
  // AddressSanitizer reports writes from here on.
  free(round.memory);
}

}  // namespace

namespace caio {
// Never the loop, which closes.
void Step(const char* place) {
  if (!pthread_equal(pthread_self(), loop)) holder.Come(place);
}
}  // namespace caio

int main() {
  loop = pthread_self();
  char path[] = "/tmp/caio-engine-steps-XXXXXX";
  const int fd = mkstemp(path);
  std::vector<char> content(kCount * kBlock, 'y');
  Check(fd >= 0 && pwrite(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()) &&
            fsync(fd) == 0,
        "a file");
  const Files files{open(path, O_RDWR | O_DIRECT), open(path, O_RDONLY | O_DIRECT), fd};
  unlink(path);
  const char* places[] = {"a request is to be submitted", "a request is submitted", "a request is given back",
                          "a part is taken", "a part is served"};
  CloseAt(places[0], files);
  const int before = Threads();
  size_t rounds = 1;
  for (int again = 0; again < 8; again++) {
    for (const char* place : places) {
      CloseAt(place, files);
      rounds++;
    }
  }
  Check(Threads() == before, "no thread is left");
  printf("%zu ends, %d failures\n", rounds, failures);
  return failures == 0 ? 0 : 1;
}
