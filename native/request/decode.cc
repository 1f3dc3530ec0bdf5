#include "decode.h"

#include <errno.h>

#include <new>

namespace caio {

namespace {

constexpr double kLargestSafeInteger = 9007199254740991.0;
constexpr double kLargestFd = 2147483647.0;  // an int

// NaN fails both comparisons.
bool InRange(double value, double largest) { return value >= 0 && value <= largest; }

int DecodeVectors(const View* views, size_t count, Request& request) {
  if (count == 0 || count > 1024) return -EINVAL;
  request.vectors.reset(new (std::nothrow) iovec[count]);
  if (!request.vectors) return -ENOMEM;
  request.transfer.vector_count = static_cast<int>(count);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    request.vectors[i] = {views[i].data, views[i].length};
    total += views[i].length;
  }
  return total == request.length ? 0 : -EFAULT;
}

// Sets the memory of a request that has one view.
int DecodeMemory(const View* views, size_t count, size_t start, Request& request) {
  if (count != 1) return -EINVAL;
  if (start > views[0].length || request.length > views[0].length - start) return -EFAULT;
  request.single = {static_cast<char*>(views[0].data) + start, request.length};
  return 0;
}

int DecodeTransfer(const double* record, const View* views, size_t count, Request& request) {
  using namespace transfer_field;
  if (!InRange(record[kFd], kLargestFd) || !InRange(record[kPosition], kLargestSafeInteger) ||
      !InRange(record[kLength], kLargestSafeInteger) || !InRange(record[kMemoryStart], kLargestSafeInteger) ||
      !InRange(record[kPriority], 65535.0) || !InRange(record[kFileKey], 4294967295.0) ||
      !InRange(record[kFlags], transfer_flag::kAll)) {
    return -EINVAL;
  }
  request.fd = static_cast<int>(record[kFd]);
  request.offset = static_cast<int64_t>(record[kPosition]);
  request.length = static_cast<size_t>(record[kLength]);
  request.transfer.priority = static_cast<uint16_t>(record[kPriority]);
  request.transfer.file_key = static_cast<uint32_t>(record[kFileKey]);
  const auto flags = static_cast<unsigned>(record[kFlags]);
  request.transfer.fresh_memory = (flags & transfer_flag::kFreshMemory) != 0;
  request.transfer.durable = (flags & transfer_flag::kDurable) != 0;
  request.transfer.append = (flags & transfer_flag::kAppend) != 0;
  request.transfer.moves = (flags & transfer_flag::kMoves) != 0;
  if (IsVectored(request.opcode)) return DecodeVectors(views, count, request);
  return DecodeMemory(views, count, static_cast<size_t>(record[kMemoryStart]), request);
}

int DecodeSync(const double* record, Request& request) {
  if (!InRange(record[sync_field::kFd], kLargestFd)) return -EINVAL;
  request.fd = static_cast<int>(record[sync_field::kFd]);
  return 0;
}

int DecodeControl(const double* record, Request& request) {
  using namespace control_field;
  if (!InRange(record[kFd], kLargestFd) || !InRange(record[kPosition], kLargestSafeInteger) ||
      !InRange(record[kLength], kLargestSafeInteger) || !InRange(record[kFlags], 255.0) ||
      !InRange(record[kOtherFd], kLargestFd) || !InRange(record[kOtherPosition], kLargestSafeInteger)) {
    return -EINVAL;
  }
  request.fd = static_cast<int>(record[kFd]);
  request.offset = static_cast<int64_t>(record[kPosition]);
  request.length = static_cast<size_t>(record[kLength]);
  request.control = {static_cast<int>(record[kFlags]), static_cast<int>(record[kOtherFd]),
                     static_cast<int64_t>(record[kOtherPosition])};
  return 0;
}

int DecodeWholeFile(const double* record, const View* views, size_t count, Request& request) {
  using namespace whole_file_field;
  if (!InRange(record[kLength], kLargestSafeInteger) || !InRange(record[kMode], 07777) ||
      !InRange(record[kFlags], whole_file_flag::kAll))
    return -EINVAL;
  request.length = static_cast<size_t>(record[kLength]);
  request.file = {static_cast<mode_t>(record[kMode]), static_cast<unsigned>(record[kFlags])};
  return DecodeMemory(views, count, 0, request);
}

int DecodePath(const double* record, const View* views, size_t count, Request& request) {
  using namespace path_field;
  constexpr double kLargestId = 4294967295.0;
  if (!InRange(record[kMode], 07777) || !InRange(record[kUid], kLargestId) || !InRange(record[kGid], kLargestId) ||
      !InRange(record[kFlags], kLargestFd) || !InRange(record[kFd], kLargestFd) ||
      !InRange(record[kLength], kLargestSafeInteger)) {
    return -EINVAL;
  }
  if (!HasPath(request.opcode)) request.fd = static_cast<int>(record[kFd]);
  request.names = {static_cast<mode_t>(record[kMode]), static_cast<uid_t>(record[kUid]),
                   static_cast<gid_t>(record[kGid]), static_cast<int>(record[kFlags]),
                   static_cast<int64_t>(record[kLength])};
  if (count == 0) return 0;
  request.length = views[0].length;
  return DecodeMemory(views, count, 0, request);
}

bool DecodeTime(const double* seconds_and_nanoseconds, timespec* time) {
  if (!InRange(seconds_and_nanoseconds[0], kLargestSafeInteger) || !InRange(seconds_and_nanoseconds[1], 999999999.0)) {
    return false;
  }
  time->tv_sec = static_cast<time_t>(seconds_and_nanoseconds[0]);
  time->tv_nsec = static_cast<long>(seconds_and_nanoseconds[1]);
  return true;
}

int DecodeTimes(const double* record, Request& request) {
  using namespace times_field;
  if (!InRange(record[kFd], kLargestFd)) return -EINVAL;
  if (!HasPath(request.opcode)) request.fd = static_cast<int>(record[kFd]);
  request.times = {};
  if (!DecodeTime(record + kAccessSeconds, &request.times.access)) return -EINVAL;
  return DecodeTime(record + kChangeSeconds, &request.times.change) ? 0 : -EINVAL;
}

}  // namespace

bool DecodeOpcode(const double* record, Opcode* opcode) {
  // Every layout begins with the opcode.
  if (!InRange(record[0], static_cast<double>(kOperationCount - 1))) return false;
  *opcode = static_cast<Opcode>(record[0]);
  return true;
}

int DecodeRequest(const double* record, const View* views, size_t view_count, Request& request) {
  if (!DecodeOpcode(record, &request.opcode)) return -EINVAL;
  switch (FamilyOf(request.opcode)) {
    case Family::kTransfer: return DecodeTransfer(record, views, view_count, request);
    case Family::kSync: return DecodeSync(record, request);
    case Family::kControl: return DecodeControl(record, request);
    case Family::kWholeFile: return DecodeWholeFile(record, views, view_count, request);
    case Family::kPath: return DecodePath(record, views, view_count, request);
    case Family::kTimes: return DecodeTimes(record, request);
  }
  return -EINVAL;
}

}  // namespace caio
