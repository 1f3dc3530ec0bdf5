// Hand-off, in two ways. A pool thread stays awake for a moment after its work, and the loop that
// gives it the next request waits a moment for the result, so that nothing sleeps or is woken. Or,
// if none is awake, the loop wakes one that is bound to its own processor, and gives that processor
// away: to wake a thread on an idle processor takes longer than most requests. Pure rules decide by
// earlier results when that is worth its time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Nanoseconds that a thread stays awake for a loop that has waited for the last result.
constexpr uint64_t kLinger = 50 * 1000;
// For one that sleeps, and has to be woken first.
constexpr uint64_t kLongLinger = 150 * 1000;
// A larger batch is work for several threads.
constexpr size_t kHandedOffAtOnce = 4;
// Nanoseconds that the loop waits for one result.
constexpr uint64_t kShortestPatience = 30 * 1000;
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
constexpr uint16_t kLongestRest = 128;

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
// others want the processors. A wait that is interrupted for so long that the hand-off cannot make
// up for it is followed by a break, longer each time; one that is made up for shortens the next break.
constexpr uint64_t kFirstBreak = 2 * 1000 * 1000;
constexpr uint64_t kLongestBreak = 3200ull * 1000 * 1000;

struct Calm {
  uint64_t since = 0;  // nanoseconds; in the future during a break
  uint64_t next_break = kFirstBreak;
};

// Least nanoseconds of an interruption.
constexpr uint64_t kDisturbance = 200 * 1000;

// Whether a thread that stayed awake for `time`, and was to do so for `most`, lost its processor.
inline bool IsInterrupted(uint64_t time, uint64_t most) { return time > most + kDisturbance; }

// An interruption is made up for by so many times its length without another.
constexpr uint64_t kMadeUp = 20;

inline bool IsCalm(const Calm& calm, uint64_t now) { return now >= calm.since; }

// `lost`: nanoseconds of the interruption, which has just ended.
inline Calm Disturbed(const Calm& calm, uint64_t lost, uint64_t now) {
  if (!IsCalm(calm, now)) return calm;
  const uint64_t length = calm.next_break;
  if (now - calm.since > kMadeUp * lost) return {now, length / 2 < kFirstBreak ? kFirstBreak : length / 2};
  return {now + length, 2 * length < kLongestBreak ? 2 * length : kLongestBreak};
}

// A thread beside the loop saves some 50 us a request, so it makes up for an interruption sooner: it
// counts as this part of its length.
constexpr uint64_t kBesideGain = 4;

// Requests in a row that each follow the last result closely are faster with a thread that stays
// awake, which takes a second processor.
constexpr uint64_t kClosely = 30 * 1000;  // nanoseconds
constexpr unsigned kSeries = 32;

// Length of the series with a request that comes `after` nanoseconds.
inline unsigned Follow(unsigned series, uint64_t after) { return after < kClosely ? series + 1 : 0; }

// Whether a thread may stay awake for the loop: one waits while the other works. A thread beside the
// loop needs no second processor.
inline bool MayStayAwake(int usable) { return usable >= 2; }

}  // namespace caio
