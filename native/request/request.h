// What travels between JavaScript and an engine: plain data, no Node-API.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace caio {

// The numbers are shared with lib/engine/operation.ts.
enum class Opcode : uint8_t {
  kRead = 0,
  kWrite = 1,
  kReadv = 2,
  kWritev = 3,
  kFsync = 4,
  kFdsync = 5,
  kReadFile = 6,   // open, fstat, read, close
  kWriteFile = 7,  // open, write, cut off an old tail, perhaps fsync, close
  kControl = 8,    // one of enum Control, in the pool
};

inline bool IsRead(Opcode op) { return op == Opcode::kRead || op == Opcode::kReadv; }
inline bool IsWrite(Opcode op) { return op == Opcode::kWrite || op == Opcode::kWritev; }
inline bool IsWholeFile(Opcode op) { return op == Opcode::kReadFile || op == Opcode::kWriteFile; }
inline bool IsControl(Opcode op) { return op == Opcode::kControl; }
inline bool IsSync(Opcode op) { return op == Opcode::kFsync || op == Opcode::kFdsync; }

// What is done to an open file besides moving its bytes. The numbers are shared with lib/toolkit/control.ts.
enum class Control : uint8_t {
  kFindAlignment = 0,
  kAllocate = 1,
  kPunchHole = 2,
  kZeroRange = 3,
  kAdvise = 4,
  kSyncRange = 5,
  kSeekData = 6,
  kSeekHole = 7,
  kCopyRange = 8,
  kLock = 9,
};

// Who did the work. The numbers are shared with lib/protocol/port.ts.
enum class Route : uint8_t {
  kInline = 0,  // finished inside submit
  kKernel = 1,  // kernel AIO or an io_uring, asynchronously
  kPool = 2,    // a pool thread
  // 3 is the pure backend's
  kMissed = 4,  // a pool thread, after an attempt from the loop thread that would have had to wait
};

// Outside the range of errno: no engine here could take the request, and the file was not touched.
constexpr int64_t kUnserved = -100000;

// How a file is written whole. The numbers are shared with lib/protocol/port.ts.
constexpr int kAppend = 1;
constexpr int kFlush = 2;

struct Request;

// What an engine has a pool thread do for it, since it might have to wait.
class Deputy {
 public:
  virtual ~Deputy() = default;

  // Pool thread. Submits the request in that slot to the kernel, which completes it: true. Or gives it back: false.
  virtual bool SubmitToKernel(uint32_t slot, Request& request) = 0;

  // Pool thread, after the request was served: looks at the file system that it went to.
  virtual void Examine(const Request& request) = 0;
};

enum class Duty : uint8_t {
  kNone,
  kSubmit,   // the request stands for one that its deputy keeps, in `slot`
  kExamine,
};

// One operation. The memory it names belongs to JavaScript; it stays until the completion is delivered (held_memory.h).
struct Request {
  uint32_t channel = 0;   // which Context
  uint32_t id = 0;        // which of its operations
  uint32_t file_key = 0;  // identity of an open handle, or 0 where only the number `fd` is known; of a control: another descriptor
  Opcode opcode = Opcode::kRead;
  Duty duty = Duty::kNone;     // for `deputy`, besides
  bool missed = false;    // an attempt from the loop thread came to nothing
  bool fresh_memory = false;  // nothing has touched it yet
  bool durable = false;  // of a write: complete when its data is on the disk
  bool append = false;  // of a write: at the end of the file, wherever that is by then
  bool cold = false;  // of a read: likely not in the page cache
  bool sync_follows = false;  // of a write in the pool: it is likely
  bool shares_sync = false;  // of a write in the pool: made durable by a sync that others may share, not by itself
  uint16_t priority = 0;  // ioprio value, 0 for none; of a control: which one, plus its flags << 8
  int fd = -1;         // of a whole-file operation: kAppend, kFlush
  int64_t offset = 0;  // of a whole-file operation: the mode to create with
  size_t length = 0;  // bytes asked for, over all vectors
  size_t done = 0;    // bytes an earlier attempt has moved already; of a control: the offset in the other descriptor
  iovec single{};     // the memory of a read or write
  std::unique_ptr<iovec[]> vectors;  // the memory of a readv or writev
  int vector_count = 0;
  std::unique_ptr<char[]> path;  // of a whole-file operation
  Deputy* deputy = nullptr;
  uint32_t slot = 0;

  iovec* iov() { return vectors ? vectors.get() : &single; }
  int iov_count() const { return vectors ? vector_count : 1; }

  // Steps over `bytes` that have been moved, so that the next attempt goes on behind them.
  void Advance(size_t bytes);
};

inline void Request::Advance(size_t bytes) {
  done += bytes;
  if (!vectors) {
    single.iov_base = static_cast<char*>(single.iov_base) + bytes;
    single.iov_len -= bytes;
    return;
  }
  int first = 0;
  while (first < vector_count && bytes >= vectors[first].iov_len) bytes -= vectors[first++].iov_len;
  for (int i = first; i < vector_count; i++) vectors[i - first] = vectors[i];
  vector_count -= first;
  if (vector_count > 0 && bytes > 0) {
    vectors[0].iov_base = static_cast<char*>(vectors[0].iov_base) + bytes;
    vectors[0].iov_len -= bytes;
  }
}

struct Completion {
  uint32_t channel;
  uint32_t id;
  int64_t result;  // bytes moved, 0 for a sync, a negative errno, or kUnserved
  Route route;
};

}  // namespace caio
