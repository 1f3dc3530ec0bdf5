// The helper beside a loop thread, without an engine: each request is served once and answered
// once, by either, and none is touched after its answer. Run with ThreadSanitizer, with
// AddressSanitizer, and under valgrind.
#include "../../native/linux/inline_helper.h"

#include <sched.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "check.h"

namespace {

using caio::InlineHelper;
using caio::Request;

// A caller's view of its requests.
struct Caller {
  pthread_t loop = pthread_self();
  std::atomic<bool> hold{false};  // the helper does not end what it serves
  std::atomic<unsigned> held{0};  // requests that it keeps
  std::atomic<unsigned> by_helper{0};
  std::atomic<unsigned> late{0};
  std::vector<int> served, answered, late_answers;
};

// Writes to the request's memory, as a read does.
int64_t Serve(void* owner, Request& request) {
  auto* caller = static_cast<Caller*>(owner);
  caller->served[request.id]++;
  memset(request.single.iov_base, static_cast<int>(request.id % 251), request.length);
  if (!pthread_equal(pthread_self(), caller->loop)) {
    caller->by_helper++;
    if (caller->hold) {
      caller->held++;
      while (caller->hold) sched_yield();
      caller->held--;
    }
  }
  return request.id % 7 == 0 ? -11 : static_cast<int64_t>(request.length);
}

void TakeLate(void* owner, Request&& request, int64_t result) {
  auto* caller = static_cast<Caller*>(owner);
  Check((result == -11) == (request.id % 7 == 0), "a late answer is that of its request");
  caller->late_answers[request.id]++;
  caller->late++;
}

void Prepare(Caller& caller, std::vector<Request>& batch, std::vector<char>& memory, size_t count) {
  constexpr size_t kLength = 64;
  memory.assign(count * kLength, 0);
  batch.clear();
  caller.served.assign(count, 0);
  caller.answered.assign(count, 0);
  caller.late_answers.assign(count, 0);
  for (size_t i = 0; i < count; i++) {
    Request request;
    request.id = static_cast<uint32_t>(i);
    request.length = kLength;
    request.single = {&memory[i * kLength], kLength};
    batch.push_back(std::move(request));
  }
}

void ServeAll(InlineHelper& helper, Caller& caller, std::vector<Request>& batch) {
  helper.ServeAll(batch.data(), batch.size(), [&](Request& request, int64_t result) {
    Check((result == -11) == (request.id % 7 == 0), "an answer is that of its request");
    Check(*static_cast<char*>(request.single.iov_base) == static_cast<char>(request.id % 251),
          "and its memory is written");
    caller.answered[request.id]++;
  });
}

void CheckOnce(const Caller& caller) {
  for (size_t i = 0; i < caller.served.size(); i++) {
    Check(caller.served[i] == 1, "served once");
    Check(caller.answered[i] + caller.late_answers[i] == 1, "answered once");
  }
}

// Batches of `fewest` to `most`, back to back and with pauses in which the helper goes to sleep.
unsigned Shared(unsigned rounds, size_t fewest, size_t most) {
  Caller caller;
  InlineHelper helper(Serve, TakeLate, &caller);
  std::minstd_rand random(7);
  std::vector<Request> batch;
  std::vector<char> memory;
  for (unsigned round = 0; round < rounds; round++) {
    const size_t count = fewest + random() % (most - fewest + 1);
    const size_t bytes = InlineHelper::kFewestBytes;
    if (random() % 8 == 0) {
      const timespec pause{0, 200 * 1000};
      nanosleep(&pause, nullptr);
    }
    // Left to the helper in an earlier round: its memory must stay until the helper has finished.
    while (!helper.ReadyFor(count, bytes)) sched_yield();
    Prepare(caller, batch, memory, count);
    ServeAll(helper, caller, batch);
    while (!helper.ReadyFor(count, bytes)) sched_yield();
    CheckOnce(caller);
  }
  helper.Close();
  return caller.by_helper;
}

// The helper finishes its requests while the loop is still answering the rest.
void LateAmongAnswers() {
  Caller caller;
  InlineHelper helper(Serve, TakeLate, &caller);
  std::vector<Request> batch;
  std::vector<char> memory;
  while (caller.late == 0) {
    while (!helper.ReadyFor(InlineHelper::kMost, 0)) sched_yield();
    Prepare(caller, batch, memory, InlineHelper::kMost);
    caller.hold = true;
    helper.ServeAll(batch.data(), batch.size(), [&](Request& request, int64_t) {
      caller.answered[request.id]++;
      caller.hold = false;
      while (caller.held > 0 || !helper.ReadyFor(InlineHelper::kMost, 0)) sched_yield();
    });
  }
  CheckOnce(caller);
}

// The helper has lost its processor with requests in hand: the loop continues without it, and
// shares nothing meanwhile.
void Late(bool close) {
  Caller caller;
  InlineHelper helper(Serve, TakeLate, &caller);
  std::vector<Request> batch;
  std::vector<char> memory;
  caller.hold = true;
  do {
    Check(helper.ReadyFor(InlineHelper::kMost, 0), "the helper is free");
    Prepare(caller, batch, memory, InlineHelper::kMost);
    ServeAll(helper, caller, batch);
  } while (caller.held == 0);
  unsigned answered = 0;
  for (int count : caller.answered) answered += static_cast<unsigned>(count);
  Check(answered < InlineHelper::kMost, "what the helper holds is not answered");
  Check(caller.late == 0, "nor told of yet");
  Check(!helper.ReadyFor(InlineHelper::kMost, 0), "there is no other batch meanwhile");
  caller.hold = false;
  if (close) {
    helper.Close();
  } else {
    while (!helper.ReadyFor(InlineHelper::kMost, 0)) sched_yield();
  }
  CheckOnce(caller);
  Check(answered + caller.late == InlineHelper::kMost, "what it held is told of late");
  if (!close) {
    Prepare(caller, batch, memory, InlineHelper::kMost);
    ServeAll(helper, caller, batch);
    while (!helper.ReadyFor(InlineHelper::kMost, 0)) sched_yield();
    CheckOnce(caller);
  }
}

}  // namespace

int main() {
  Caller idle;
  {
    InlineHelper never_started(Serve, TakeLate, &idle);
  }
  InlineHelper small(Serve, TakeLate, &idle);
  Check(!small.ReadyFor(InlineHelper::kFewest - 1, InlineHelper::kFewestBytes - 1), "a small batch is not shared");
  Check(!small.ReadyFor(1, InlineHelper::kFewestBytes), "nor one request");
  if (!small.ReadyFor(InlineHelper::kFewest, 0)) {
    printf("one processor: nothing to share\n");
    return failures > 0;
  }
  const unsigned by_helper = Shared(3000, InlineHelper::kFewest, InlineHelper::kMost);
  Check(by_helper > 0, "the helper had its share");
  // Shared for their bytes.
  Shared(1000, 2, InlineHelper::kFewest - 1);
  for (int i = 0; i < 20; i++) {
    Late(false);
    Late(true);
    LateAmongAnswers();
  }
  printf("3000 batches, %u requests served by the helper; 60 times it was held\n", by_helper);
  return failures > 0;
}
