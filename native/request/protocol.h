// The numbers shared with JavaScript, besides the operations. lib/protocol/port.ts has the same; they are compared when the addon is loaded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// Numbers per record. Each layout begins with the opcode.
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
  kFreshMemory = 1,  // nothing has touched it yet: it is worth faulting in as a whole
  kDurable = 2,
  kAppend = 4,
  kMoves = 8,  // at the file's own position, which it moves
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
enum : unsigned { kExclusive = 1 };
}

namespace tree_flag {
enum : unsigned {
  kFollow = 1,      // links that lead to directories are descended into
  kWholeNames = 2,  // each with the directories on the way to it
};
}

namespace remove_flag {
enum : unsigned { kRecursive = 1, kForce = 2 };
}
// The same of a file system's.
namespace file_system_field {
enum : size_t { kType, kBsize, kBlocks, kBfree, kBavail, kFiles, kFfree, kCount };
}

// What an operation on a tree comes to, its memory telling what it has made, where it has stopped, or why it has failed.
namespace tree_result {
constexpr int64_t kDone = 0;
constexpr int64_t kMade = 1;
constexpr int64_t kStopped = 2;
constexpr int64_t kFailed = 3;
}  // namespace tree_result

namespace tree_copy_flag {
enum : unsigned { kVerbatim = 1 };  // links as they are
}

// Where the numbers of a file's attributes are, in the memory that they are put into: doubles.
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

// Who did the work.
enum class Route : uint8_t {
  kInline = 0,   // finished inside submit
  kKernel = 1,   // kernel AIO or an io_uring, asynchronously
  kPool = 2,     // a pool thread
  kNode = 3,     // the pure backend, which is JavaScript's
  kMissed = 4,   // a pool thread, after an attempt from the loop thread that would have had to wait
  kHandOff = 5,  // a pool thread that was awake, while the loop waited for it inside submit
};

// Bytes that one system call moves at the most: MAX_RW_COUNT of the kernel.
constexpr size_t kLargestTransfer = 0x7ffff000;

// The engines of the addon.
enum class EngineKind : uint32_t { kLinux = 0, kThread = 1, kUring = 2 };

// Numbers of a completion: channel, id, result, route.
constexpr size_t kCompletionFields = 4;

// Room in a queue of the kernel's. That of kernel AIO is taken from fs.aio-max-nr, which the whole machine shares; what does not fit goes to
// the pool.
constexpr unsigned kQueueCapacity = 512;

// Outside the range of errno: no engine here could take the request, and the file was not touched.
constexpr int64_t kUnserved = -100000;

// Added to the errno of a failure on a file that the request has opened: it has been written or cut, and another attempt is not the same.
constexpr int64_t kWhileWriting = -1000;
constexpr int64_t kWhileSyncing = -2000;
constexpr int64_t kWhileClosing = -3000;

// All of it as text, in the words of lib/protocol/protocol.ts.
struct ProtocolText {
  char bytes[4096];
  size_t length;
};
ProtocolText DescribeProtocol();

}  // namespace caio
