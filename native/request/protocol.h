// Numbers shared with JavaScript, besides the operations. lib/protocol/port.ts has the same; they
// are compared when the addon is loaded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Doubles per record. Every layout begins with the opcode.
constexpr size_t kRecordFields = 8;

namespace transfer_field {
enum : size_t { kOpcode, kFd, kPosition, kLength, kMemoryStart, kPriority, kFileKey, kFlags };
}
namespace sync_field {
enum : size_t { kOpcode, kFd };
}
namespace control_field {
enum : size_t { kOpcode, kFd, kPosition, kLength, kFlags, kOtherFd, kOtherPosition };
}
namespace whole_file_field {
enum : size_t { kOpcode, kLength, kMode, kFlags };
}

namespace path_field {
enum : size_t { kOpcode, kMode, kUid, kGid, kFlags, kFd, kLength };
}

namespace times_field {
enum : size_t { kOpcode, kFd, kAccessSeconds, kAccessNanoseconds, kChangeSeconds, kChangeNanoseconds };
}

namespace transfer_flag {
enum : unsigned {
  kFreshMemory = 1,  // never touched: worth faulting in as a whole
  kDurable = 2,
  kAppend = 4,
  kMoves = 8,  // uses and moves the file's own position
  kAll = 15,
};
}

namespace lock_kind {
enum : int { kNone, kShared, kExclusive };
}

namespace space_flag {
enum : unsigned { kKeepSize = 1 };
}

// Which alignment findAlignment finds: that of the memory, or that of offset and length.
namespace alignment_of {
enum : int { kMemory = 0, kOffset = 1 };
}

namespace whole_file_flag {
enum : unsigned { kAppend = 1, kFlush = 2, kExclusive = 4, kAll = 7 };
}

namespace copy_flag {
enum : unsigned {
  kExclusive = 1,
  kLikeSource = 2,  // the target gets the source's owner and times before its content
};
}

namespace tree_flag {
enum : unsigned {
  kFollow = 1,      // descends into links to directories
  kWholeNames = 2,  // prefixes each name with its directories
  kUnsorted = 4,    // leaves the names in the file system's order
};
}

namespace remove_flag {
enum : unsigned { kRecursive = 1, kForce = 2 };
}
// Order of a file system's attributes, as doubles.
namespace file_system_field {
enum : size_t { kType, kBsize, kFrsize, kBlocks, kBfree, kBavail, kFiles, kFfree, kCount };
}

// Result of an operation on a tree. Its memory holds what it has made, where it stopped, or why it
// failed.
namespace tree_result {
constexpr int64_t kDone = 0;
constexpr int64_t kMade = 1;
constexpr int64_t kStopped = 2;
constexpr int64_t kFailed = 3;
}  // namespace tree_result

namespace tree_copy_flag {
enum : unsigned {
  kVerbatim = 1,    // copies links unchanged
  kLikeSource = 2,  // see copy_flag
};
}

// Order of a file's attributes, as doubles in the reply.
namespace stats_field {
enum : size_t {
  kDev,
  kMode,
  kNlink,
  kUid,
  kGid,
  kRdev,
  kBlksize,
  kIno,
  kSize,
  kBlocks,
  kAtimeSeconds,
  kAtimeNanoseconds,
  kMtimeSeconds,
  kMtimeNanoseconds,
  kCtimeSeconds,
  kCtimeNanoseconds,
  kBirthtimeSeconds,
  kBirthtimeNanoseconds,
  kCount,
};
}

// How an operation was served.
enum class Route : uint8_t {
  kInline = 0,   // finished inside submit
  kKernel = 1,   // kernel AIO or an io_uring, asynchronously
  kPool = 2,     // a pool thread
  kNode = 3,     // the pure backend, in JavaScript
  kMissed = 4,   // a pool thread, after the loop thread's attempt would have waited
  kHandOff = 5,  // a pool thread that was awake, while the loop waited inside submit
};

// Most bytes that one system call moves: the kernel's MAX_RW_COUNT.
constexpr size_t kLargestTransfer = 0x7ffff000;

// The engines of the addon.
enum class EngineKind : uint32_t { kLinux = 0, kThread = 1, kUring = 2 };

// Doubles per completion: channel, id, result, route.
constexpr size_t kCompletionFields = 4;

// Capacity of a kernel queue. Kernel AIO takes it from fs.aio-max-nr, which the whole machine
// shares; requests beyond it go to the pool.
constexpr unsigned kQueueCapacity = 512;

// Outside the range of errno: no engine here could serve the request, and the file is untouched.
constexpr int64_t kUnserved = -100000;

// Added to the errno of a failure after the request has written to its file, or cut it: repeating it is
// not the same as the first attempt.
constexpr int64_t kWhileWriting = -1000;
constexpr int64_t kWhileSyncing = -2000;
constexpr int64_t kWhileClosing = -3000;

// The protocol as text, in the format of lib/protocol/protocol.ts.
struct ProtocolText {
  char bytes[4096];
  size_t length;
};
ProtocolText DescribeProtocol();

}  // namespace caio
