// Whether an RWF_NOWAIT attempt is worthwhile: a pure rule over the answers to earlier attempts on
// the same file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// A hit copies on the loop thread: larger reads would hold it for milliseconds, even half cached.
constexpr size_t kInlineBytes = 64 * 1024;
// The same limit per batch.
constexpr size_t kInlineBatchBytes = 2 * 1024 * 1024;

enum class NowaitAnswer : uint8_t { kHit, kMiss, kRefused };

struct NowaitHistory {
  uint8_t misses = 0;    // in a row
  uint16_t pause = 0;    // operations to skip before the next attempt
  bool refused = false;  // the file system does not support NOWAIT here: never again
  uint8_t hits = 0;      // in a row, at most kHitsBeforeTrust
};

constexpr uint8_t kMissesBeforePause = 4;
constexpr uint16_t kLongestPause = 32;
constexpr uint8_t kHitsBeforeTrust = 16;

// After `kMissesBeforePause` misses in a row, each further miss doubles the pause. A hit resets
// both.
inline NowaitHistory Learn(NowaitHistory history, NowaitAnswer answer) {
  if (answer == NowaitAnswer::kHit) {
    const unsigned hits = history.hits + 1u;
    return {0, 0, history.refused, static_cast<uint8_t>(hits < kHitsBeforeTrust ? hits : kHitsBeforeTrust)};
  }
  if (answer == NowaitAnswer::kRefused) return {0, 0, true, 0};
  history.hits = 0;
  if (history.misses < 32) history.misses++;
  if (history.misses >= kMissesBeforePause) {
    const unsigned doublings = history.misses - kMissesBeforePause;
    const unsigned pause = doublings >= 5 ? kLongestPause : 1u << doublings;
    history.pause = static_cast<uint16_t>(pause < kLongestPause ? pause : kLongestPause);
  }
  return history;
}

// Says whether to try, and counts the pause down.
inline bool ShouldTry(NowaitHistory& history) {
  if (history.refused) return false;
  if (history.pause == 0) return true;
  history.pause--;
  return false;
}

// Whether many attempts may be made before the answer to the first is learned.
inline bool IsTrusted(const NowaitHistory& history) { return history.hits == kHitsBeforeTrust; }

}  // namespace caio
