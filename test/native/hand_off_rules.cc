// The hand-off's rules as tables: the number of occasions skipped after wins (w) and losses (l),
// the loop's waiting time after given durations, the machines with a hand-off, and the batches
// small enough for it.
#include "../../native/support/processors.h"
#include "../../native/thread_pool/hand_off.h"
#include "../../native/thread_pool/serve.h"

#include <cstdio>

using namespace caio;

namespace {

int failed = 0;

void Expect(const char* what, const char* of, uint64_t expected, uint64_t found) {
  if (expected == found) return;
  failed++;
  printf("%s after \"%s\": expected %llu, found %llu\n", what, of, static_cast<unsigned long long>(expected),
         static_cast<unsigned long long>(found));
}

uint64_t RestAfter(const char* events) {
  Credit credit;
  for (const char* at = events; *at; at++) {
    // A skipped occasion is neither won nor lost.
    while (!IsWorthIt(credit)) {
    }
    credit = *at == 'w' ? Won(credit) : Lost(credit);
  }
  uint64_t passed = 0;
  while (!IsWorthIt(credit)) passed++;
  return passed;
}

// t in time after 5 us, T after 40 us, l too late.
uint64_t WaitAfter(const char* events) {
  Patience patience;
  for (const char* at = events; *at; at++) {
    patience = *at == 'l' ? TooLate(patience) : InTime(patience, *at == 't' ? 5000 : 40000);
  }
  return HowLong(patience);
}

}  // namespace

int main() {
  const struct {
    const char* events;
    uint64_t rest;
  } rests[] = {
      {"", 0},
      {"w", 0},
      {"l", 0},
      {"ll", 16},
      {"lll", 32},
      {"llll", 64},
      {"lllll", 128},
      {"llllllllll", 128},
      // Two wins pay for one loss.
      {"wwlwwlwwlwwlwwlwwl", 0},
      {"wlwlwlwl", 32},
      {"llw", 0},
      {"llwl", 32},
      // A long run of wins clears the rests.
      {"llllwwwwwwww", 0},
      {"llllwwwwwwwwlllll", 16},
      {"lllwwwwlll", 64},
      {"wwwwwwwwwwwwllll", 0},
      {"wwwwwwwwwwwwlllll", 16},
  };
  for (const auto& row : rests) Expect("the rest", row.events, row.rest, RestAfter(row.events));

  const struct {
    const char* events;
    uint64_t wait;
  } waits[] = {
      {"", 40000},
      {"tttttttttttttttttttttttttttttt", kShortestPatience},
      {"TTTTTTTTTTTTTTTTTTTTTTTT", kLongestPatience},
      {"l", 40000},
      {"ll", 0},
  };
  for (const auto& row : waits) Expect("the wait", row.events, row.wait, WaitAfter(row.events));

  // Milliseconds at which interruptions end, how long each was, and the break after the last.
  const struct {
    const char* of;
    uint64_t lost;
    uint64_t times[6];
    uint64_t pause;
  } pauses[] = {
      {"the first after a long calm", 1, {1000}, 0},
      {"another soon", 1, {1000, 1015}, 2},
      {"another that is made up for", 1, {1000, 1021}, 0},
      {"a long one", 10, {1000, 1150}, 2},
      {"one in the break", 1, {1000, 1015, 1016}, 1},
      {"one after the other", 4, {1000, 1010, 1020, 1030, 1045, 1070}, 32},
      {"a third after a calm", 1, {1000, 1010, 1020, 1100, 1110}, 4},
  };
  for (const auto& row : pauses) {
    constexpr uint64_t kMillisecond = 1000 * 1000;
    Calm calm;
    uint64_t now = 0;
    for (const uint64_t time : row.times) {
      if (time == 0) continue;
      now = time * kMillisecond;
      calm = Disturbed(calm, row.lost * kMillisecond, now);
    }
    Expect("the break", row.of, row.pause, (calm.since - now) / kMillisecond);
    Expect("calm", row.of, false, IsCalm(calm, calm.since - 1));
    Expect("calm", row.of, true, IsCalm(calm, calm.since));
  }
  // However short the calm between them, it ends at the longest break.
  Calm calm;
  for (int i = 0; i < 20; i++) calm = Disturbed(calm, kLongestBreak, calm.since + 1);
  const uint64_t last = calm.since;
  Expect("the longest break", "20 interruptions", kLongestBreak, Disturbed(calm, kLongestBreak, last).since - last);

  const struct {
    unsigned processors;
    double quota;
    bool expected;
  } machines[] = {
      {1, 0, false}, {2, 0, true},    {2, 1, false},  {64, 1.5, false},
      {64, 2, true}, {1, 0.5, false}, {2, 2.5, true}, {0, 0, false},
  };
  for (const auto& row : machines) {
    char of[64];
    snprintf(of, sizeof of, "%u processors, %g of them", row.processors, row.quota);
    Expect("a thread awake", of, row.expected, MayStayAwake(static_cast<int>(Usable(row.processors, row.quota))));
  }
  printf("%zu rows, %d failed\n",
         sizeof rests / sizeof rests[0] + sizeof waits / sizeof waits[0] + sizeof pauses / sizeof pauses[0] +
             sizeof machines / sizeof machines[0],
         failed);
  const struct {
    Opcode opcode;
    size_t length;
    bool small;
  } costs[] = {
      {Opcode::kRead, 65536, true},       {Opcode::kRead, 65537, false},     {Opcode::kWritev, 65537, false},
      {Opcode::kReadFile, 65536, true},   {Opcode::kReadFile, 65537, false}, {Opcode::kStat, 1 << 20, true},
      {Opcode::kRename, 0, true},         {Opcode::kClose, 0, true},         {Opcode::kFtruncate, 1 << 30, true},
      {Opcode::kCopyFile, 0, true},       {Opcode::kFsync, 0, false},        {Opcode::kRm, 0, false},
      {Opcode::kCopyFileRange, 1, false},
  };
  for (const auto& each : costs) {
    Request request;
    request.opcode = each.opcode;
    request.length = each.length;
    Expect("small", RowOf(each.opcode).name, each.small, IsSmall(request));
  }
  return failed;
}
