#include "copy_by_hand.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>

#include "../support/checked.h"

namespace caio {

namespace {

constexpr size_t kPiece = 256 * 1024;

}  // namespace

int64_t WriteOut(Place to, const char* memory, size_t length, size_t* written) {
  for (*written = 0; *written < length;) {
    const int64_t count = Uninterrupted(
        [&] { return pwrite(to.fd, memory + *written, length - *written, to.offset + static_cast<off_t>(*written)); });
    if (count <= 0) return count < 0 ? count : -EIO;
    *written += static_cast<size_t>(count);
  }
  return 0;
}

int64_t CopyByHand(Place from, Place to, size_t length, size_t* copied) {
  *copied = 0;
  const std::unique_ptr<char[]> memory(new (std::nothrow) char[kPiece]);
  if (!memory) return -ENOMEM;
  while (*copied < length) {
    const auto at = static_cast<off_t>(*copied);
    const size_t wanted = std::min(length - *copied, kPiece);
    const int64_t count = Uninterrupted([&] { return pread(from.fd, memory.get(), wanted, from.offset + at); });
    if (count <= 0) return count;
    size_t written;
    const int64_t error = WriteOut({to.fd, to.offset + at}, memory.get(), static_cast<size_t>(count), &written);
    *copied += written;
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace caio
