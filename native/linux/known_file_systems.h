// What pool threads have found out about file systems, for the threads that must not wait. Nothing is asked here.
//
// A file system is trusted for a second. Then the next operation goes to the pool, which looks again: a number is used again after an
// umount, and a listener of fanotify's, such as a virus scanner, may have come.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../request/page_check.h"

struct statx;

namespace caio {

// A file system as this process sees it at one mount: device and mount. The kernel uses a device's number again, a mount's not (6.8),
// or not soon.
using MountKey = uint64_t;

// The mask to add to a call of statx so that its answer has what MountKeyOf needs.
unsigned MountMask();
MountKey MountKeyOf(const struct statx& file);

enum class Manner : uint8_t {
  kUnknown,    // or too long ago: a pool thread has to look
  kInline,     // local, and what is cached is had without waiting
  kNames,      // local, and so are names and attributes; whether a fanotify listener waits for opens is not known
  kElsewhere,  // may ask a server: the loop thread attempts nothing on it
  kWaits,      // local, but attempts that should not have waited did
};

struct Findings {
  Manner manner;
  PageCheck check = PageCheck::kNowait;
};

// What an attempt does. fanotify's listeners are asked when a file is opened or read, never for names and attributes.
enum class Touch : uint8_t { kOpens, kLooks };

class KnownFileSystems {
 public:
  KnownFileSystems() { pthread_mutex_init(&mutex_, nullptr); }
  ~KnownFileSystems() { pthread_mutex_destroy(&mutex_); }

  // Any thread. Nanoseconds of a clock that only goes forward. For an open, kNames counts as kUnknown; for a look, as kInline.
  Findings Of(MountKey mount, uint64_t now, Touch touch = Touch::kOpens);

  // Whether a thread has met a file system that is not known, since the last call of Examined.
  bool IsWanted() const { return wanted_.load(std::memory_order_relaxed); }

  // Pool thread. What looking at it has given.
  void Learn(MountKey mount, Findings found, uint64_t now);

  // Any thread. An attempt has waited: the pool is to serve for a while, longer each time.
  void HasWaited(MountKey mount, uint64_t now);

 private:
  struct Entry {
    std::atomic<uint64_t> mount{0};
    // Milliseconds until which it holds, then the number of waits in the last minutes, the check, and the manner: 48, 8, 4 and 4 bits.
    std::atomic<uint64_t> state{0};
  };

  Entry* Find(MountKey mount);
  Entry& Place(MountKey mount);
  void Keep(MountKey mount, Findings found, unsigned waits, uint64_t until);

  std::array<Entry, 64> entries_;
  std::atomic<bool> wanted_{false};
  pthread_mutex_t mutex_;  // of those who write
  size_t next_ = 0;
};

// Pool thread; blocks. Whether the file system of `fd` gives cached names and attributes without waiting: kNames or kElsewhere.
Findings ExamineNames(int fd);

// Pool thread; blocks. Looks at the file system of an open file, or of a name (O_PATH): its kind, and for a local one whether an attempt
// that cannot wait for a disk waits all the same. `path` may be null where `fd` is open for reading. `read`: the file has just been read.
Findings ExamineManner(int fd, const char* path, bool read);

}  // namespace caio
