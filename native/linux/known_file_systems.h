// Findings of pool threads about file systems, for threads that must not wait. Nothing here asks a
// file system.
//
// A finding holds for a second. Then the next operation goes to the pool, which examines again: a
// mount's number is reused after umount, and a fanotify listener, such as a virus scanner, may have
// come.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../request/page_check.h"
#include "../support/mutex.h"

struct statx;

namespace caio {

// A file system as this process sees it at one mount: device and mount. The kernel reuses device
// numbers; mount numbers not (6.8), or not soon.
using MountKey = uint64_t;

// The statx mask of what MountKeyOf needs.
unsigned MountMask();
MountKey MountKeyOf(const struct statx& file);

enum class Manner : uint8_t {
  kUnknown,    // or examined too long ago: a pool thread has to examine it
  kInline,     // local: cached data comes without waiting
  kNames,      // local: so do names and attributes; a fanotify listener may make opens wait
  kElsewhere,  // may ask a server: the loop thread attempts nothing on it
  kWaits,      // local, but attempts that should not have waited did
};

struct Findings {
  Manner manner;
  PageCheck check = PageCheck::kNowait;
};

// What an attempt does. fanotify listeners are asked when a file is opened or read, never about
// names and attributes.
enum class Touch : uint8_t { kOpens, kLooks };

class KnownFileSystems {
 public:
  // Any thread. `now`: nanoseconds of a monotonic clock. For an open, kNames counts as kUnknown;
  // for a look, as kInline.
  Findings Of(MountKey mount, uint64_t now, Touch touch = Touch::kOpens);

  // Whether a thread has met an unknown file system since the last call of Learn.
  bool IsWanted() const { return wanted_.load(std::memory_order_relaxed); }

  // Pool thread. Records what an examination found.
  void Learn(MountKey mount, Findings found, uint64_t now);

  // Pool thread. Whether to examine that mount; End follows, whatever is found. False if another
  // thread is at it: a server that does not answer holds one thread, not all.
  bool Begin(MountKey mount);
  void End(MountKey mount);

  // Any thread. Records that an attempt has waited: the pool serves for a while, longer each time.
  void HasWaited(MountKey mount, uint64_t now);

 private:
  struct Entry {
    std::atomic<uint64_t> mount{0};
    // Milliseconds until which the finding holds, recent waits, check, manner: 48, 8, 4 and 4 bits.
    std::atomic<uint64_t> state{0};
  };

  Entry* Find(MountKey mount);
  Entry& Place(MountKey mount);
  void Keep(MountKey mount, Findings found, unsigned waits, uint64_t until);

  std::array<Entry, 64> entries_;
  std::atomic<bool> wanted_{false};
  Mutex mutex_;  // for writers
  // Mounts that are being examined; 0 for none. Under mutex_.
  std::array<MountKey, 16> examined_{};
  size_t next_ = 0;
};

// Pool thread; blocks. Whether the file system of `fd` serves cached names and attributes without
// waiting: kNames or kElsewhere.
Findings ExamineNames(int fd);

// Pool thread; blocks. Examines the file system of an open file that has just been read: its type, and
// for a local one whether an attempt that cannot wait for a disk waits all the same.
Findings ExamineManner(int fd);

// Pool thread. Reads a byte of a file that has just been opened, to see whether that waits: only for a
// listener, not for a disk or a server. False if the file cannot be tried.
bool ReadUnnoticed(int fd);

}  // namespace caio
