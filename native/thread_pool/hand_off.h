// Hand-off: a pool thread stays awake for a moment after its work, and the loop that gives it the
// next request waits a moment for the result, so that nothing sleeps or is woken. Pure rules decide
// by earlier results when that is worth its time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Nanoseconds that a thread stays awake.
constexpr uint64_t kLinger = 50 * 1000;
// A larger batch is work for several threads.
constexpr size_t kHandedOffAtOnce = 4;
// Nanoseconds that the loop waits for one result.
constexpr uint64_t kShortestPatience = 15 * 1000;
constexpr uint64_t kLongestPatience = 60 * 1000;

// Decides whether to do something that only sometimes pays off: a balance of gains and losses, and
// a rest after too many losses.
struct Credit {
  int8_t balance = 2;
  uint16_t rest = 0;  // occasions still to skip
  uint16_t next_rest = 16;
};

constexpr int8_t kMostCredit = 8;
constexpr int8_t kPrice = 2;  // successes that one failure costs
constexpr uint16_t kFirstRest = 16;
constexpr uint16_t kLongestRest = 4096;

inline Credit Won(Credit credit) {
  if (credit.balance < kMostCredit) credit.balance++;
  if (credit.balance == kMostCredit) credit.next_rest = kFirstRest;
  return credit;
}

// Without credit, each further loss doubles the rest.
inline Credit Lost(Credit credit) {
  credit.balance = static_cast<int8_t>(credit.balance - kPrice);
  if (credit.balance >= 0) return credit;
  const uint16_t doubled = static_cast<uint16_t>(2 * credit.next_rest);
  return {0, credit.next_rest, doubled < kLongestRest ? doubled : kLongestRest};
}

// Whether to do it. Counts the rest down.
inline bool IsWorthIt(Credit& credit) {
  if (credit.rest == 0) return true;
  credit.rest--;
  return false;
}

// How long the loop waits for one kind of operation.
struct Patience {
  Credit credit;
  uint32_t typical = 10 * 1000;  // recent nanoseconds of one that is in time
};

// Nanoseconds; 0: do not wait.
inline uint64_t HowLong(Patience& patience) {
  if (!IsWorthIt(patience.credit)) return 0;
  const uint64_t wait = 4 * static_cast<uint64_t>(patience.typical);
  return wait < kShortestPatience ? kShortestPatience : wait < kLongestPatience ? wait : kLongestPatience;
}

inline Patience InTime(Patience patience, uint64_t took) {
  const int64_t off = static_cast<int64_t>(took < kLongestPatience ? took : kLongestPatience) - patience.typical;
  return {Won(patience.credit), static_cast<uint32_t>(patience.typical + off / 8)};
}

inline Patience TooLate(Patience patience) { return {Lost(patience.credit), patience.typical}; }

// The scheduler takes two threads that never sleep for busy ones, and seldom runs both at once if
// others want the processors. The hand-off then takes a break, longer each time if nothing has
// improved.
struct Calm {
  uint64_t since = 0;  // nanoseconds; in the future during a break
  uint64_t next_break = 0;
};

// Least nanoseconds of a wait for a processor.
constexpr uint64_t kDisturbance = 200 * 1000;
constexpr uint64_t kFirstBreak = 100 * 1000 * 1000;
constexpr uint64_t kLongestBreak = 3200ull * 1000 * 1000;

inline bool IsCalm(const Calm& calm, uint64_t now) { return now >= calm.since; }

inline Calm Disturbed(const Calm& calm, uint64_t now) {
  if (!IsCalm(calm, now)) return calm;
  const bool for_long = now - calm.since > 10 * kFirstBreak;
  const uint64_t length = for_long || calm.next_break == 0 ? kFirstBreak : calm.next_break;
  return {now + length, length < kLongestBreak ? 2 * length : kLongestBreak};
}

// `usable`: processors that the process may keep busy. The hand-off needs two: one thread waits
// while the other works.
inline bool IsWithHandOff(unsigned usable) { return usable >= 2; }

}  // namespace caio
