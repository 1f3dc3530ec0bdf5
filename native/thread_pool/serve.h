// Cost of a request in the pool, and how it is served there.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "../request/request.h"
#include "../operations/transfer.h"

namespace caio {

// Whether it takes microseconds, unless it waits for a disk. Other requests may be taken together
// with it, and then wait for it.
inline bool IsSmall(const Request& request) {
  constexpr size_t kSmall = 64 * 1024;
  const Cost cost = CostOf(request.opcode);
  return cost == Cost::kShort || (cost == Cost::kByLength && request.length <= kSmall);
}

// Directory in which names change, as a hash of its path: a collision does no harm.
inline uint64_t DirectoryOf(const Request& request) {
  const bool is_second = request.opcode == Opcode::kLink || request.opcode == Opcode::kSymlink;
  const std::string_view path(is_second ? request.other_path : request.path.get());
  const size_t end = path.find_last_not_of('/');
  const size_t slash = end == std::string_view::npos ? end : path.find_last_of('/', end);
  return std::hash<std::string_view>()({path.data(), slash == std::string_view::npos ? 0 : slash});
}

inline Completion CompletionOf(const Request& request, int64_t result) {
  return {request.channel, request.id, result, request.missed ? Route::kMissed : Route::kPool,
          request.opcode == Opcode::kOpen};
}

// Whether only the caller can see the request's effect. False for a stand-in for a request to the
// kernel, which the pool must not drop.
inline bool OnlyReads(const Request& request) {
  const bool own = request.duty == Duty::kNone || request.duty == Duty::kExamine;
  return EffectOf(request.opcode) == Effect::kNone && own && !request.moves_position();
}

enum class Outcome : uint8_t {
  kDone,
  kElsewhere,   // completed later by a sync or the kernel, or never reported
  kUnfinished,  // there is more to be done
};

// Serves a request. Sets `completion` if the request is finished here.
inline Outcome Serve(Request& request, Completion& completion) {
  if (request.duty == Duty::kGiveUp) {
    request.deputy->GiveUp();
    return Outcome::kElsewhere;
  }
  if (request.duty == Duty::kSubmit) {
    Request refused;
    if (request.deputy->SubmitToKernel(request.slot, refused)) return Outcome::kElsewhere;
    completion = CompletionOf(refused, PerformBlocking(refused));
    return Outcome::kDone;
  }
  if (request.duty == Duty::kClose) request.deputy->BeginClose(request);
  const int64_t result = PerformBlocking(request);
  if (result == kUnfinished) return Outcome::kUnfinished;
  if (result < 0 && IsTransfer(request.opcode)) request.transfer.shares_sync = false;
  completion = CompletionOf(request, result);
  return request.shares_sync() ? Outcome::kElsewhere : Outcome::kDone;
}

}  // namespace caio
