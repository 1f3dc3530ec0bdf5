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

int64_t CopyByHand(Place from, Place to, size_t length, size_t* copied) {
  *copied = 0;
  const std::unique_ptr<char[]> memory(new (std::nothrow) char[kPiece]);
  if (!memory) return -ENOMEM;
  while (*copied < length) {
    const auto at = static_cast<off_t>(*copied);
    const size_t wanted = std::min(length - *copied, kPiece);
    const int64_t count = Uninterrupted([&] { return pread(from.fd, memory.get(), wanted, from.offset + at); });
    if (count <= 0) return count;
    for (int64_t done = 0; done < count;) {
      const int64_t written = Uninterrupted(
          [&] { return pwrite(to.fd, memory.get() + done, static_cast<size_t>(count - done), to.offset + at + done); });
      if (written <= 0) return written < 0 ? written : -EIO;
      done += written;
      *copied += static_cast<size_t>(written);
    }
  }
  return 0;
}

}  // namespace caio
