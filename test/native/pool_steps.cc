// The pool ends while a thread is at each step: one thread is held there, the pool is closed, the
// thread is released. All changes of files are done by then, once; when Close has returned, nothing
// is served any more, and no thread is left. Also: other threads serve what a held thread has taken
// and not begun, and it can be cancelled; finished requests are reported while other threads are
// held.
#include "../../native/support/mutex.h"
#include "../../native/thread_pool/thread_pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "check.h"
#include "give_path.h"
#include "holder.h"
#include "unwatched_queue.h"

namespace {

using caio::Completion;
using caio::Opcode;
using caio::Request;

Holder holder;

constexpr size_t kBlock = 512;
constexpr uint32_t kCount = 96;

struct Round {
  Round(int fd, unsigned threads) : fd(fd), pool(queue, threads) {
    Check(queue.Open() == 0, "the queue opens");
    Check(ftruncate(fd, 0) == 0, "the file is empty");
  }

  Request Make(uint32_t id, Opcode opcode) {
    Request request;
    request.id = id;
    request.opcode = opcode;
    request.fd = fd;
    if (caio::IsSync(opcode)) return request;
    char* own = memory.data() + id * kBlock;
    if (opcode == Opcode::kWrite) memset(own, static_cast<int>(id % 251 + 1), kBlock);
    request.offset = static_cast<int64_t>(id) * kBlock;
    request.length = kBlock;
    request.single = {own, kBlock};
    return request;
  }

  void Submit(std::vector<Request>& batch) {
    pool.Submit(batch.data(), batch.size(), finished);
    batch.clear();
  }

  void Settle() {
    queue.Drain(finished);
    for (const Completion& completion : finished) {
      settled[completion.id]++;
      Check(completion.result == 0 || completion.result == static_cast<int64_t>(kBlock) || reads[completion.id],
            "it succeeds");
    }
    finished.clear();
  }

  int fd;
  std::vector<char> memory = std::vector<char>(kCount * kBlock);
  std::vector<int> settled = std::vector<int>(kCount);
  std::vector<bool> reads = std::vector<bool>(kCount);
  caio::CompletionQueue queue;
  caio::ThreadPool pool;
  std::vector<Completion> finished;
};

// Closes the pool while one of its threads is held.
void CloseAndRelease(Round& round) {
  pthread_t closer;
  pthread_create(
      &closer, nullptr,
      [](void* pool) -> void* {
        static_cast<caio::ThreadPool*>(pool)->Close();
        return nullptr;
      },
      &round.pool);
  // Close has the pool's mutex, or waits without it; the held thread needs it in either case.
  usleep(2000);
  holder.Release();
  pthread_join(closer, nullptr);
}

// Durable writes, plain ones, syncs and reads of one file: everything for which the pool has steps.
void CloseAt(const char* place, int fd, unsigned threads, unsigned mix) {
  Round round(fd, threads);
  holder.Arm(place);
  std::vector<Request> batch;
  for (uint32_t id = 0; id < kCount; id++) {
    const Opcode opcodes[] = {Opcode::kWrite, Opcode::kWrite, Opcode::kFdsync,
                              Opcode::kWrite, Opcode::kRead,  Opcode::kFsync};
    Request request = round.Make(id, id == 0 ? Opcode::kWrite : opcodes[(id + mix) % 6]);
    // The first is alone: it is made durable by itself.
    request.transfer.durable = caio::IsWrite(request.opcode) && (id == 0 || (id + mix) % 3 == 0);
    round.reads[id] = request.opcode == Opcode::kRead;
    batch.push_back(std::move(request));
    if (id == 0 || id % 16 == 15) round.Submit(batch);
    // Before it has company.
    if (id == 0 && strstr(place, "a durable")) holder.AwaitHeld(20);
  }
  const bool held = holder.AwaitHeld(20);
  if (!held) printf("nobody came to: %s (%u threads, mix %u)\n", place, threads, mix);
  Check(held, "a thread comes to the place");
  CloseAndRelease(round);
  round.Settle();
  std::vector<char> block(kBlock);
  for (uint32_t id = 0; id < kCount; id++) {
    const bool read = round.reads[id];
    Check(read ? round.settled[id] <= 1 : round.settled[id] == 1, "what changes the file is told of once");
  }
  for (uint32_t id = 0; id < kCount; id++) {
    if (round.memory[id * kBlock] != static_cast<char>(id % 251 + 1) || round.reads[id]) continue;
    Check(pread(fd, block.data(), kBlock, static_cast<off_t>(id * kBlock)) == static_cast<ssize_t>(kBlock),
          "it is in the file");
    Check(memcmp(block.data(), &round.memory[id * kBlock], kBlock) == 0, "as it was given");
  }
  std::vector<Request> late;
  late.push_back(round.Make(0, Opcode::kRead));
  round.pool.Submit(late.data(), 1, round.finished);
  Check(round.finished.size() == 1 && round.finished[0].result == caio::kUnserved, "afterwards nothing is served");
  round.finished.clear();
}

// One thread is held with all requests it has taken; the others serve and report them.
void StealFrom(int fd, const std::string& directory) {
  Round round(fd, 4);
  holder.Arm("requests are taken");
  std::vector<Request> batch;
  for (uint32_t id = 0; id < 64; id++) {
    Request request;
    request.id = id;
    request.opcode = Opcode::kWriteFile;
    request.offset = 0600;
    GivePath(request, directory + "/" + std::to_string(id));
    request.length = kBlock;
    request.single = {round.memory.data() + id * kBlock, kBlock};
    batch.push_back(std::move(request));
  }
  round.Submit(batch);
  Check(holder.AwaitHeld(20), "a thread is held");
  size_t told = 0;
  while (told < 64 && round.queue.Wait(5000)) {
    round.Settle();
    told = 0;
    for (const int times : round.settled) told += static_cast<size_t>(times);
  }
  // All of them: the held thread has begun none.
  Check(told == 64, "others have served what it has taken, and told");
  holder.Release();
  round.pool.Close();
  round.Settle();
  for (uint32_t id = 0; id < 64; id++) {
    Check(round.settled[id] == 1, "each once");
    unlink((directory + "/" + std::to_string(id)).c_str());
  }
}

// The only thread is held: the requests it has taken can be cancelled.
void CancelTaken(int fd) {
  Round round(fd, 1);
  holder.Arm("writes are taken");
  std::vector<Request> batch;
  for (uint32_t id = 0; id < 8; id++) batch.push_back(round.Make(id, Opcode::kWrite));
  round.Submit(batch);
  Check(holder.AwaitHeld(20), "the thread is held");
  for (uint32_t id = 0; id < 8; id += 2) Check(round.pool.Cancel(0, id), "what is taken and not begun is cancelled");
  holder.Release();
  round.pool.Close();
  round.Settle();
  for (uint32_t id = 0; id < 8; id++) Check(round.settled[id] == (id % 2 == 0 ? 0 : 1), "and not served");
  char byte = 0;
  Check(pread(fd, &byte, 1, 0) == 1 && byte == 0, "its bytes are not in the file");
}

// While a sync is about to be made for others: only requests that wait for it can be cancelled.
void CancelBesideSync(int fd) {
  Round round(fd, 2);
  holder.Arm("a sync is taken");
  std::vector<Request> batch;
  batch.push_back(round.Make(1, Opcode::kFdsync));
  round.Submit(batch);
  Check(holder.AwaitHeld(20), "the thread is held");
  Check(!round.pool.Cancel(0, 0), "nobody has asked for that one");
  Check(!round.pool.Cancel(0, 1), "and this one has begun");
  holder.Release();
  round.pool.Close();
  round.Settle();
  Check(round.settled[0] == 0 && round.settled[1] == 1, "which is told of once");
}

std::string NameIn(const std::string& directory, uint32_t id) { return directory + "/d" + std::to_string(id); }

Request MakeDirectory(const std::string& directory, uint32_t id) {
  Request request;
  request.id = id;
  request.opcode = Opcode::kMkdir;
  GivePath(request, NameIn(directory, id));
  request.names.mode = 0700;
  return request;
}

// One thread makes the changes of a directory. Held before the first of them, it does not delay
// those of another directory, which other threads serve at once. It delays its own only briefly: it
// then counts as stuck, and others serve those, too. With `late`, more come meanwhile.
void HoldChanges(int fd, const std::string& directory, unsigned threads, bool late) {
  Round round(fd, threads);
  const std::string other = directory + "/other";
  Check(mkdir(other.c_str(), 0700) == 0, "a second directory");
  holder.Arm("changes of names are taken");
  std::vector<Request> batch;
  for (uint32_t id = 0; id < 24; id++) batch.push_back(MakeDirectory(directory, id));
  round.Submit(batch);
  Check(holder.AwaitHeld(20), "a thread is held");
  Check(round.pool.Cancel(0, 3) && round.pool.Cancel(0, 20), "what is taken, and what waits, can be taken back");
  const uint32_t count = late ? 48 : 24;
  for (uint32_t id = 24; id < count; id++) batch.push_back(MakeDirectory(id % 2 ? directory : other, id));
  if (late) round.Submit(batch);
  size_t told = 0;
  while (told < count - 2 && round.queue.Wait(5000)) {
    round.Settle();
    told = 0;
    for (const int times : round.settled) told += static_cast<size_t>(times);
  }
  Check(told == count - 2, "others have made the changes");
  holder.Release();
  round.pool.Close();
  round.Settle();
  for (uint32_t id = 0; id < count; id++) {
    const bool cancelled = id == 3 || id == 20;
    Check(round.settled[id] == (cancelled ? 0 : 1), "each is told of once, but for those that were taken back");
    const std::string path = NameIn(id < 24 || id % 2 ? directory : other, id);
    Check((rmdir(path.c_str()) == 0) != cancelled, "and was made");
  }
  rmdir(other.c_str());
}

// The pool is closed at one of their steps: all are made by then, each is reported once.
void CloseAmongChanges(const char* place, int fd, const std::string& directory, unsigned threads) {
  Round round(fd, threads);
  holder.Arm(place);
  std::vector<Request> batch;
  for (uint32_t id = 0; id < kCount; id++) batch.push_back(MakeDirectory(directory, id));
  round.Submit(batch);
  Check(holder.AwaitHeld(20), "a thread comes to the place");
  CloseAndRelease(round);
  round.Settle();
  for (uint32_t id = 0; id < kCount; id++) {
    Check(round.settled[id] == 1, "each change is told of once");
    Check(rmdir(NameIn(directory, id).c_str()) == 0, "and was made");
  }
}

}  // namespace

namespace caio {
void Step(const char* place) { holder.Come(place); }
}  // namespace caio

int main() {
  char path[] = "/tmp/caio-steps-XXXXXX", directory[] = "/tmp/caio-steps-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  Check(fd >= 0 && mkdtemp(directory) != nullptr, "a file and a directory");
  const char* places[] = {"requests are taken",       "requests are done",       "writes are taken", "writes are done",
                          "a durable write is taken", "a durable write is done", "a sync is taken",  "a sync is done"};
  // A sanitizer adds its own thread with the first one.
  CloseAt(places[0], fd, 1, 0);
  const int before = Threads();
  size_t rounds = 1;
  for (const char* place : places) {
    for (const unsigned threads : {1u, 2u, 3u, 4u, 8u}) {
      for (unsigned mix = 0; mix < 3; mix++, rounds++) CloseAt(place, fd, threads, mix);
    }
  }
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const char* place : {"changes of names are taken", "changes of names are done"}) {
      CloseAmongChanges(place, fd, directory, threads);
      rounds++;
    }
    // With one thread, all requests to a file system wait for a stuck one.
    for (const bool late : {false, true}) {
      if (threads > 1) HoldChanges(fd, directory, threads, late);
    }
  }
  StealFrom(fd, directory);
  CancelTaken(fd);
  CancelBesideSync(fd);
  Check(Threads() == before, "no thread is left");
  rmdir(directory);
  printf("%zu ends, %d failures\n", rounds, failures);
  return failures == 0 ? 0 : 1;
}
