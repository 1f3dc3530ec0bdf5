// What a request in the pool costs, and how one is served there.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "../request/request.h"
#include "../operations/transfer.h"

namespace caio {

// Whether it is done in microseconds if no disk is waited for. Others may be taken with it, and wait until it is done.
inline bool IsSmall(const Request& request) {
  constexpr size_t kSmall = 64 * 1024;
  const Cost cost = CostOf(request.opcode);
  return cost == Cost::kShort || (cost == Cost::kByLength && request.length <= kSmall);
}

// The directory in which a change of names is made, as a hash of its path, which serves as well as the path.
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

// Whether only the caller can see what the request has done. False for one that stands for a request to the kernel, which the pool must
// not drop.
inline bool OnlyReads(const Request& request) {
  const bool own = request.duty == Duty::kNone || request.duty == Duty::kExamine;
  return EffectOf(request.opcode) == Effect::kNone && own && !request.moves_position();
}

enum class Outcome : uint8_t {
  kDone,
  kElsewhere,   // its completion has to wait for a sync, or comes from the kernel, or nobody is told of it
  kUnfinished,  // there is more to be done
};

// Serves a request. `completion` gets the result if the request is served here, and finished.
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
  const int64_t result = PerformBlocking(request);
  if (result == kUnfinished) return Outcome::kUnfinished;
  if (result < 0 && IsTransfer(request.opcode)) request.transfer.shares_sync = false;
  completion = CompletionOf(request, result);
  return request.shares_sync() ? Outcome::kElsewhere : Outcome::kDone;
}

}  // namespace caio
