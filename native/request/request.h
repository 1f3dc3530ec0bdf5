// What travels between JavaScript and an engine: plain data, no Node-API.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapped_pages.h"
#include "operations.h"
#include "page_check.h"
#include "protocol.h"

namespace caio {

struct Request;

// What an engine has a pool thread do for it, since it might have to wait.
class Deputy {
 public:
  virtual ~Deputy() = default;

  // Pool thread. Submits the request in that slot to the kernel, which completes it: true. Or gives it back: false.
  virtual bool SubmitToKernel(uint32_t slot, Request& request) = 0;

  // Pool thread, after the request was served: looks at the file system that it went to.
  virtual void Examine(const Request& request) = 0;

  // Pool thread. Gives up what it has kept for one, since that may wait.
  virtual void GiveUp() = 0;
};

// What an operation that is done in slices has between two of them. It goes with its request.
class Progress {
 public:
  virtual ~Progress() = default;
};

// Such an operation's result while there is more to be done: seen only by the code that performs it.
constexpr int64_t kUnfinished = INT64_MAX;

enum class Duty : uint8_t {
  kNone,
  kSubmit,  // the request stands for one that its deputy keeps, in `slot`
  kExamine,
  kGiveUp,  // there is nothing else to be done
};

// One operation: what all have, how it gets on, and what those of its family have. The memory it names belongs to JavaScript; it stays
// until the completion is delivered (held_memory.h).
struct Request {
  uint32_t channel = 0;  // which Context
  uint32_t id = 0;       // which of its operations
  Opcode opcode = Opcode::kRead;
  Duty duty = Duty::kNone;               // for `deputy`, besides
  bool missed = false;                   // an attempt from the loop thread came to nothing
  PageCheck check = PageCheck::kNowait;  // of a read from the loop thread
  Deputy* deputy = nullptr;
  uint32_t slot = 0;

  // Of an open file: a transfer, a sync, a control; what else has no path.
  int fd = -1;

  // Of a transfer and of a control: the place in the file. Of a whole file and of a path: the length of the memory alone.
  int64_t offset = 0;
  size_t length = 0;  // bytes asked for, over all vectors

  // Of a read or a write, and of a whole file: the memory. Of a path: where the reply goes.
  iovec single{};
  std::unique_ptr<iovec[]> vectors;  // in its place, of a readv or writev

  // What those of one family have; a sync has none.
  struct TransferPart {
    uint32_t file_key;  // identity of an open handle, or 0 where only the number `fd` is known
    uint16_t priority;  // ioprio value, 0 for none
    bool fresh_memory;  // nothing has touched it yet
    bool durable;       // a write: complete when its data is on the disk
    bool moves;         // at the file's own position, which it moves, in place of `offset`
    bool append;        // a write: at the end of the file, wherever that is by then
    int vector_count;
    MappedPages pages;  // of a read from the loop thread: where they are looked at
    // How it gets on.
    bool cold;          // a read: likely not in the page cache
    bool sync_follows;  // a write in the pool: it is likely
    bool shares_sync;   // a write in the pool: made durable by a sync that others may share, not by itself
    size_t done;        // bytes an earlier attempt has moved already
  };
  struct ControlPart {
    int flags;  // the operation's own
    int other_fd;
    int64_t other_offset;
  };
  struct WholeFilePart {
    mode_t mode;     // of a file that is made
    unsigned flags;  // whole_file_flag
  };
  struct PathPart {
    mode_t mode;  // of what is made or changed; what access(2) asks for
    uid_t uid;
    gid_t gid;
    int flags;       // of open(2); copy_flag, tree_flag, remove_flag, tree_copy_flag
    int64_t length;  // that a file is cut to
  };
  struct TimesPart {
    timespec access;
    timespec change;
  };
  union {
    TransferPart transfer{};
    ControlPart control;
    WholeFilePart file;
    PathPart names;
    TimesPart times;
  };
  std::unique_ptr<char[]> path;        // of a whole file, a path, or times
  const char* other_path = nullptr;    // in the same memory, where an operation has two
  std::unique_ptr<Progress> progress;  // of a path

  iovec* iov() { return vectors ? vectors.get() : &single; }
  int iov_count() const { return vectors ? transfer.vector_count : 1; }

  bool is_durable() const { return IsTransfer(opcode) && transfer.durable; }
  bool moves_position() const { return IsTransfer(opcode) && transfer.moves; }
  bool is_cold() const { return IsTransfer(opcode) && transfer.cold; }
  bool shares_sync() const { return IsTransfer(opcode) && transfer.shares_sync; }
  size_t moved() const { return IsTransfer(opcode) ? transfer.done : 0; }

  // Steps over `bytes` that have been moved, so that the next attempt goes on behind them.
  void Advance(size_t bytes);
};

inline void Request::Advance(size_t bytes) {
  transfer.done += bytes;
  if (!vectors) {
    single.iov_base = static_cast<char*>(single.iov_base) + bytes;
    single.iov_len -= bytes;
    return;
  }
  int first = 0;
  int& vector_count = transfer.vector_count;
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
  int64_t result = 0;  // bytes moved, 0 for a sync, a negative errno, or kUnserved
  Route route = Route::kPool;
  bool opens = false;  // a result that is no error is a descriptor, which is whoever's it is delivered to
};

}  // namespace caio
