// A thread beside the loop: what it does is over when the loop goes on, or goes on elsewhere; and it
// is bound to the loop's processor no longer than that.
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "../../native/support/pinning.h"
#include "../../native/thread_pool/thread_pool.h"
#include "check.h"
#include "give_path.h"
#include "unwatched_queue.h"

namespace {

using caio::Completion;
using caio::Opcode;
using caio::Request;
using caio::Route;

cpu_set_t BindingOf(pthread_t thread) {
  cpu_set_t mask;
  pthread_getaffinity_np(thread, sizeof mask, &mask);
  return mask;
}

cpu_set_t Only(int processor) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(processor, &mask);
  return mask;
}

bool AreEqual(const cpu_set_t& one, const cpu_set_t& other) { return CPU_EQUAL(&one, &other) != 0; }

int ProcessorsOf(pthread_t thread) {
  const cpu_set_t mask = BindingOf(thread);
  return CPU_COUNT(&mask);
}

// The pool's thread that has taken something last; requests done, and the processors that the thread
// could use then.
std::atomic<pthread_t> last;
std::atomic<int> taken{0}, done{0}, processors_when_taken{0}, processors_when_done{0};

// Keeps the calling thread on the first processor that it may use.
void StayOnOne() {
  const cpu_set_t all = BindingOf(pthread_self());
  int first = 0;
  while (!CPU_ISSET(first, &all)) first++;
  const cpu_set_t one = Only(first);
  pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

std::atomic<bool> over{false};

void* Wait(void* id) {
  *static_cast<std::atomic<pid_t>*>(id) = caio::Pinning::Self();
  while (!over) usleep(1000);
  return nullptr;
}

void Bindings(const cpu_set_t& all) {
  pthread_t thread, other;
  std::atomic<pid_t> id{0}, other_id{0};
  pthread_create(&thread, nullptr, Wait, &id);
  pthread_create(&other, nullptr, Wait, &other_id);
  while (id == 0 || other_id == 0) usleep(1000);
  pthread_setaffinity_np(thread, sizeof all, &all);
  pthread_setaffinity_np(other, sizeof all, &all);
  const cpu_set_t here = Only(sched_getcpu());
  caio::Pinning pinning;
  Check(pinning.Bind(id) && AreEqual(BindingOf(thread), here), "it is bound to this processor");
  Check(pinning.Bind(id), "again");
  pinning.Release();
  Check(AreEqual(BindingOf(thread), all), "it may run everywhere again");
  Check(pinning.Bind(id) && pinning.Bind(other_id), "another is bound");
  Check(AreEqual(BindingOf(thread), all) && AreEqual(BindingOf(other), here), "the first may run everywhere");
  pinning.Release();
  // Somebody else binds it meanwhile: that stays.
  cpu_set_t rest = all;
  CPU_XOR(&rest, &all, &here);
  if (CPU_COUNT(&rest) > 0) {
    Check(pinning.Bind(id), "it is bound once more");
    pthread_setaffinity_np(thread, sizeof rest, &rest);
    pinning.Release();
    Check(AreEqual(BindingOf(thread), rest), "it stays where somebody else has bound it");
    Check(!pinning.Bind(id) && AreEqual(BindingOf(thread), rest), "a thread that may not run here is not bound");
  }
  over = true;
  pthread_join(thread, nullptr);
  pthread_join(other, nullptr);
}

struct Loop {
  Loop() { Check(queue.Open() == 0, "the queue opens"); }

  // Submits one request, and takes what is over when the loop goes on.
  size_t Submit(Request request) {
    finished.clear();
    pool.ExpectHandOff();
    pool.Submit(&request, 1, finished);
    pool.AwaitHandedOff(finished);
    return finished.size();
  }

  void Await(size_t count = 1) {
    while (finished.size() < count && queue.Wait(10000)) queue.Drain(finished);
  }

  // Whether one request is over, with this result.
  bool Has(int64_t result) const { return finished.size() == 1 && finished[0].result == result; }

  static Request Access(const char* path) { return Path(Opcode::kAccess, path); }

  static Request Path(Opcode opcode, const std::string& path, int flags = 0) {
    Request request;
    request.opcode = opcode;
    request.names = {};
    request.names.flags = flags;
    GivePath(request, path);
    return request;
  }

  caio::CompletionQueue queue;
  caio::ThreadPool pool{queue, 4, 2};
  std::vector<Completion> finished;
};

std::string directory;

// The pool decides when it uses a thread beside the loop: `attempt` is repeated until it has. On a
// busy machine it may pause for seconds.
template <typename Attempt>
void UntilBeside(const char* what, Attempt attempt) {
  const time_t end = time(nullptr) + 100;
  do {
    if (time(nullptr) > end) return Check(false, what);
    processors_when_taken = 0;
    attempt();
  } while (processors_when_taken != 1);
}

void InTime() {
  Loop loop;
  const std::string path = directory + "/made";
  bool at_once = false;
  while (!at_once) {
    UntilBeside("a thread makes a directory beside the loop", [&] {
      at_once = loop.Submit(Loop::Path(Opcode::kMkdir, path)) == 1;
      loop.Await();
      Check(loop.Has(0) && access(path.c_str(), F_OK) == 0, "it is made");
      Check(!at_once || loop.finished[0].route == Route::kHandOff, "by the hand-off");
      loop.Submit(Loop::Path(Opcode::kRmdir, path));
      loop.Await();
      Check(loop.Has(0) && access(path.c_str(), F_OK) != 0, "and removed");
    });
  }
}

// A request that waits does so elsewhere; the loop goes on, and later requests do.
void Waiting(int everywhere) {
  Loop loop;
  const std::string pipe = directory + "/pipe";
  Check(mkfifo(pipe.c_str(), 0600) == 0, "a pipe");
  const auto let_go = [&] {
    const int fd = open(pipe.c_str(), O_WRONLY);
    loop.finished.clear();
    loop.Await();
    Check(loop.finished.size() == 1 && loop.finished[0].result >= 0, "the open ends");
    close(static_cast<int>(loop.finished[0].result));
    close(fd);
  };
  bool waits = false;
  UntilBeside("a thread opens the pipe beside the loop", [&] {
    if (waits) let_go();
    const int before = taken;
    Check(loop.Submit(Loop::Path(Opcode::kOpen, pipe, O_RDONLY)) == 0, "an open that waits is not over");
    while (taken == before) usleep(100);
    waits = true;
  });
  const pthread_t opener = last;
  Check(ProcessorsOf(opener) == everywhere, "its thread may run everywhere");
  loop.Submit(Loop::Access("/"));
  loop.Await();
  Check(loop.Has(0), "another is served");
  let_go();
  unlink(pipe.c_str());
}

// Answers that the loop has not taken yet are not those of a batch: what waits in it holds up nothing
// else of it.
void AmongOthers() {
  const std::string pipe = directory + "/pipe";
  Check(mkfifo(pipe.c_str(), 0600) == 0, "a pipe");
  for (int i = 0; i < 20; i++) {
    Loop loop;
    for (uint32_t id = 10; id < 12; id++) {
      Request before = Loop::Access("/");
      before.id = id;
      loop.pool.Submit(&before, 1, loop.finished);
    }
    while (!loop.queue.HasAny()) usleep(100);
    usleep(1000);
    Request batch[] = {Loop::Path(Opcode::kOpen, pipe, O_RDONLY), Loop::Access("/")};
    batch[1].id = 1;
    loop.pool.ExpectHandOff();
    loop.pool.Submit(batch, 2, loop.finished);
    loop.pool.AwaitHandedOff(loop.finished);
    loop.Await(3);
    Check(loop.finished.size() == 3, "the second of the batch is served while the first waits");
    const int fd = open(pipe.c_str(), O_WRONLY);
    loop.Await(4);
    for (const Completion& each : loop.finished) {
      if (each.id == 0) close(static_cast<int>(each.result));
    }
    close(fd);
  }
  unlink(pipe.c_str());
}

// Truncates, removes or replaces a file of `size` bytes, or closes it without a name.
void Attempt(Loop& loop, Opcode opcode, off_t size) {
  const std::string path = directory + "/file", other = directory + "/other";
  Check(close(open(other.c_str(), O_CREAT | O_WRONLY, 0600)) == 0, "a file");
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  Check(fd >= 0 && ftruncate(fd, size) == 0, "a file of that size");
  if (opcode != Opcode::kClose) close(fd);
  Request request = Loop::Path(opcode, path, opcode == Opcode::kOpen ? O_WRONLY | O_TRUNC : 0);
  if (opcode == Opcode::kRename) {
    request = Loop::Path(opcode, other + '\0' + path);
    request.other_path = request.path.get() + other.size() + 1;
  }
  if (opcode == Opcode::kClose) {
    unlink(path.c_str());
    request = Request();
    request.opcode = opcode;
    request.fd = fd;
  }
  const int before = done;
  loop.Submit(std::move(request));
  loop.Await();
  Check(loop.finished.size() == 1 && loop.finished[0].result >= 0, "it is served");
  if (opcode == Opcode::kOpen) close(static_cast<int>(loop.finished[0].result));
  while (done == before) usleep(100);
  unlink(path.c_str());
  unlink(other.c_str());
}

// What frees many pages leaves the loop's processor first.
void Long(int everywhere) {
  for (const Opcode opcode : {Opcode::kUnlink, Opcode::kOpen, Opcode::kRename, Opcode::kTruncate, Opcode::kClose}) {
    for (const bool is_long : {false, true}) {
      Loop loop;
      UntilBeside("a thread begins beside the loop", [&] { Attempt(loop, opcode, is_long ? 64 << 20 : 100); });
      if (is_long) Check(processors_when_done == everywhere, "what is long leaves");
    }
  }
}

}  // namespace

// Of the pool's threads.
namespace caio {
void Step(const char* place) {
  if (strstr(place, " taken")) {
    last = pthread_self();
    taken++;
    processors_when_taken = ProcessorsOf(pthread_self());
  }
  if (!strstr(place, " done")) return;
  processors_when_done = ProcessorsOf(pthread_self());
  done++;
}
}  // namespace caio

int main() {
  char made[] = "/tmp/caio-beside-XXXXXX";
  Check(mkdtemp(made) != nullptr, "a directory");
  directory = made;
  const cpu_set_t all = BindingOf(pthread_self());
  StayOnOne();
  Bindings(all);
  pthread_setaffinity_np(pthread_self(), sizeof all, &all);
  InTime();
  Waiting(CPU_COUNT(&all));
  AmongOthers();
  Long(CPU_COUNT(&all));
  rmdir(made);
  // On tmpfs, which is on no device.
  char in_memory[] = "/dev/shm/caio-beside-XXXXXX";
  if (mkdtemp(in_memory)) {
    directory = in_memory;
    Long(CPU_COUNT(&all));
    rmdir(in_memory);
  }
  printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
