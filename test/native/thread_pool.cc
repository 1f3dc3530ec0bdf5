// The pool as its environment uses it, but without one: everything is served exactly once, at any
// timing of submissions, syncs, cancellations and the end. Run with ThreadSanitizer, with
// AddressSanitizer, and under valgrind.
#include "../../native/thread_pool/thread_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "give_path.h"
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
  if (!caio::IsTransfer(opcode)) request.control = {};
  return request;
}

// Submits in batches, cancels some, waits for the rest. With `abandon`, the pool is closed with
// operations in flight.
void Round(unsigned threads, uint32_t seed, int fd, bool abandon) {
  std::minstd_rand random(seed + 1);
  constexpr uint32_t kCount = 600;
  // Freed when this returns: a later write goes to freed memory.
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
    const Opcode opcodes[] = {Opcode::kWrite, Opcode::kRead,  Opcode::kWrite,    Opcode::kFdsync,
                              Opcode::kWrite, Opcode::kFsync, Opcode::kFtruncate};
    char* own = memory.data() + id * kBlock;
    memset(own, static_cast<int>(id % 251), kBlock);
    Request request = Make(id, opcodes[random() % 7], fd, own);
    request.transfer.durable = IsWrite(request.opcode) && random() % 4 == 0;
    batch.push_back(std::move(request));
    // Small batches can be handed off.
    if (random() % (seed % 2 == 0 ? 16 : 2) != 0 && id + 1 < kCount) continue;
    const bool hands_off = random() % 2 == 0;
    if (hands_off) pool.ExpectHandOff();
    pool.Submit(batch.data(), batch.size(), finished);
    if (hands_off) pool.AwaitHandedOff(finished);
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

constexpr int kFiles = 20'000;  // more than one slice removes

Request MakePath(uint32_t id, Opcode opcode, const char* path, char* memory) {
  Request request;
  request.id = id;
  request.opcode = opcode;
  GivePath(request, path);
  request.names = {};
  request.length = memory ? kBlock : 0;
  request.single = {memory, request.length};
  return request;
}

Request Remove(const char* tree, char* memory) {
  Request request = MakePath(0, Opcode::kRm, tree, memory);
  request.names.flags = caio::remove_flag::kRecursive;
  return request;
}

// Counts its requests.
class CountingDeputy final : public caio::Deputy {
 public:
  bool SubmitToKernel(uint32_t, Request&) override { return ++submitted > 0; }
  uint64_t BeginExamine() override { return ++begun; }
  bool WasQuick(const Request& request, int64_t result, uint64_t before) override {
    asked += request.fd == result && before == static_cast<uint64_t>(begun) ? 1 : 0;
    while (may_answer == 0) {
    }
    return true;
  }
  void Examine(const Request&, bool quick) override { examined += quick ? 1 : 0; }
  void BeginClose(Request& request) override { request.close.state = fcntl(request.fd, F_GETFD) == 0; }
  void EndClose(const Request& request) override { closed += request.close.state == 1 ? 1 : 0; }
  void GiveUp() override { given_up++; }

  std::atomic<int> begun{0};
  std::atomic<int> asked{0};
  std::atomic<int> may_answer{0};
  std::atomic<int> examined{0};
  std::atomic<int> submitted{0};
  std::atomic<int> given_up{0};
  std::atomic<int> closed{0};
};

// A queue, and what has come out of it.
struct Answers {
  Answers() { Check(queue.Open() == 0, "the queue opens"); }

  void Await(size_t count) {
    while (finished.size() < count && queue.Wait(10000)) queue.Drain(finished);
  }

  caio::CompletionQueue queue;
  std::vector<Completion> finished;
};

// A long operation continues after requests that came meanwhile. At the end it is abandoned where
// it is, without a result.
void Slices() {
  char tree[] = "/tmp/caio-pool-XXXXXX";
  Check(mkdtemp(tree) != nullptr, "a directory");
  const int directory = open(tree, O_RDONLY | O_DIRECTORY);
  for (int at = 0; at < kFiles; at++) close(openat(directory, std::to_string(at).c_str(), O_CREAT | O_WRONLY, 0600));
  close(directory);
  char memory[kBlock];
  Answers answers;
  {
    caio::ThreadPool pool(answers.queue, 1);
    Request removal = Remove(tree, memory);
    pool.Submit(&removal, 1, answers.finished);
    pool.Close();
    answers.queue.Drain(answers.finished);
    Check(answers.finished.empty() && access(tree, F_OK) == 0, "not at its end");
  }
  caio::ThreadPool pool(answers.queue, 1);
  CountingDeputy deputy;
  Request batch[] = {Remove(tree, memory), MakePath(1, Opcode::kAccess, "/", nullptr), Request(), Request()};
  batch[2].duty = caio::Duty::kSubmit;
  batch[3].duty = caio::Duty::kGiveUp;
  batch[2].deputy = batch[3].deputy = &deputy;
  pool.Submit(batch, 4, answers.finished);
  answers.Await(2);
  Check(answers.finished.size() == 2 && answers.finished[0].id == 1 && answers.finished[1].id == 0,
        "the other one first");
  Check(answers.finished[0].result == 0 && answers.finished[1].result == caio::tree_result::kDone, "both are done");
  Check(access(tree, F_OK) != 0, "the tree is gone");
  pool.Finish();
  Check(deputy.submitted == 1 && deputy.given_up == 1, "what is done for a deputy is done once");
}

// A deputy is asked before a close, while the descriptor is open, and told after one that succeeded.
void Closes() {
  Answers answers;
  CountingDeputy deputy;
  {
    caio::ThreadPool pool(answers.queue, 1);
    Request batch[2];
    for (uint32_t id = 0; id < 2; id++) {
      batch[id].id = id;
      batch[id].opcode = Opcode::kClose;
      batch[id].duty = caio::Duty::kClose;
      batch[id].deputy = &deputy;
    }
    batch[0].fd = open("/dev/null", O_RDONLY);
    batch[1].fd = 1 << 20;
    pool.Submit(batch, 2, answers.finished);
    answers.Await(2);
    pool.Finish();
  }
  Check(answers.finished.size() == 2 && answers.finished[0].result + answers.finished[1].result == -EBADF,
        "one was open");
  Check(deputy.closed == 1, "the one that was open is told");
}

// A deputy that examines is asked before the answer, and examines what has succeeded.
void Examines() {
  Answers answers;
  CountingDeputy deputy;
  {
    caio::ThreadPool pool(answers.queue, 1);
    Request batch[2];
    batch[0] = MakePath(0, Opcode::kAccess, "/", nullptr);
    batch[1] = MakePath(1, Opcode::kAccess, "/there/is/none", nullptr);
    for (Request& request : batch) {
      request.duty = caio::Duty::kExamine;
      request.deputy = &deputy;
      request.fd = 0;
    }
    pool.Submit(batch, 2, answers.finished);
    while (deputy.asked == 0) {
    }
    answers.queue.Drain(answers.finished);
    Check(answers.finished.empty(), "it is not answered yet");
    deputy.may_answer = 1;
    answers.Await(2);
    pool.Finish();
  }
  Check(answers.finished.size() == 2 && answers.finished[0].result == 0 && answers.finished[1].result == -ENOENT,
        "both are answered");
  Check(deputy.begun == 2 && deputy.asked == 1 && deputy.examined == 1, "what failed is not examined");
}

// Truncations come after the writes before them, and before those after them.
void Truncates() {
  char path[] = "/tmp/caio-pool-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  char memory[kBlock] = {};
  constexpr uint32_t kEach = 16;
  Answers answers;
  caio::ThreadPool pool(answers.queue, 4);
  for (int round = 0; round < 20; round++) {
    std::vector<Request> batch;
    for (uint32_t id = 1; id <= kEach; id++) batch.push_back(Make(id, Opcode::kWrite, fd, memory));
    batch.push_back(Make(0, Opcode::kFtruncate, fd, memory));
    batch.push_back(Make(2, Opcode::kWrite, fd, memory));
    pool.Submit(batch.data(), batch.size(), answers.finished);
    answers.Await(kEach + 2);
    Check(answers.finished.size() == kEach + 2 && lseek(fd, 0, SEEK_END) == 3 * kBlock, "they keep their order");
    answers.finished.clear();
  }
  close(fd);
}

}  // namespace

int main() {
  char path[] = "/tmp/caio-pool-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  Check(fd >= 0 && ftruncate(fd, 1 << 20) == 0, "a file");
  for (uint32_t round = 0; round < 40; round++) Round(1 + round % 8, round, fd, round % 4 == 3);
  Slices();
  Closes();
  Examines();
  Truncates();
  printf("%zu served, %zu cancelled, %d failures\n", served, cancelled, failures);
  return failures == 0 ? 0 : 1;
}
