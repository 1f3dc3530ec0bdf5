#include "decode.h"

#include <errno.h>

#include <new>

namespace caio {

namespace {

constexpr double kLargestSafeInteger = 9007199254740991.0;

// NaN fails both comparisons.
bool InRange(double value, double largest) { return value >= 0 && value <= largest; }

int DecodeVectors(const View* views, size_t count, Request& request) {
  if (count == 0 || count > 1024) return -EINVAL;
  request.vectors.reset(new (std::nothrow) iovec[count]);
  if (!request.vectors) return -ENOMEM;
  request.vector_count = static_cast<int>(count);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    request.vectors[i] = {views[i].data, views[i].length};
    total += views[i].length;
  }
  return total == request.length ? 0 : -EFAULT;
}

}  // namespace

int DecodeRequest(const double* record, const View* views, size_t view_count, Request& request) {
  const double opcode = record[kFieldOpcode];
  const double fd = record[kFieldFd];
  const double offset = record[kFieldOffset];
  const double length = record[kFieldLength];
  const double byte_offset = record[kFieldByteOffset];
  if (!InRange(opcode, static_cast<double>(Opcode::kControl)) || !InRange(fd, 2147483647.0) ||
      !InRange(offset, kLargestSafeInteger) || !InRange(length, kLargestSafeInteger) ||
      !InRange(byte_offset, kLargestSafeInteger) || !InRange(record[kFieldHints], 65535.0) ||
      !InRange(record[kFieldFileKey], 4294967295.0)) {
    return -EINVAL;
  }
  request.opcode = static_cast<Opcode>(opcode);
  request.fd = static_cast<int>(fd);
  request.offset = static_cast<int64_t>(offset);
  request.length = static_cast<size_t>(length);
  const auto hints = static_cast<uint16_t>(record[kFieldHints]);
  request.priority = hints & static_cast<uint16_t>(~(kFreshMemory | kDurableWrite | kAppendingWrite));
  request.fresh_memory = (hints & kFreshMemory) != 0;
  request.durable = (hints & kDurableWrite) != 0;
  request.append = (hints & kAppendingWrite) != 0;
  request.file_key = static_cast<uint32_t>(record[kFieldFileKey]);

  if (IsSync(request.opcode)) return 0;
  if (IsControl(request.opcode)) {
    request.priority = hints;
    request.done = static_cast<size_t>(byte_offset);
    return 0;
  }
  if (request.opcode == Opcode::kReadv || request.opcode == Opcode::kWritev) {
    return DecodeVectors(views, view_count, request);
  }
  if (view_count != 1) return -EINVAL;
  const auto start = static_cast<size_t>(byte_offset);
  if (start > views[0].length || request.length > views[0].length - start) return -EFAULT;
  request.single = {static_cast<char*>(views[0].data) + start, request.length};
  return 0;
}

}  // namespace caio
