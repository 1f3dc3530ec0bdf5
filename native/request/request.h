// Requests and completions, which travel between JavaScript and an engine: plain data, no Node-API.
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

// Work that an engine leaves to a pool thread, since it may wait.
class Deputy {
 public:
  virtual ~Deputy() = default;

  // Pool thread. True: the slot's request was submitted to the kernel, which completes it. False:
  // it was moved into `request`.
  virtual bool SubmitToKernel(uint32_t slot, Request& request) = 0;

  // Pool thread. Examines the file system of the request: notes something before the request is
  // served, finds out before it is answered whether it waited, and asks the file system afterwards,
  // since that may take long. Opens nothing: closing any descriptor of a file drops this process's
  // locks on it (fcntl(2)), and the caller may take some from the answer on.
  virtual uint64_t BeginExamine() = 0;
  virtual bool WasQuick(const Request& request, int64_t result, uint64_t begun) = 0;
  virtual void Examine(const Request& request, bool quick) = 0;

  // Pool thread, before a close and after it. Finds out, and records, of which file a further close
  // would have nothing to do.
  virtual void BeginClose(Request& request) = 0;
  virtual void EndClose(const Request& request) = 0;

  // Pool thread. Releases what the engine kept for one, since that may wait.
  virtual void GiveUp() = 0;
};

// State of an operation between two of its slices. Belongs to its request.
class Progress {
 public:
  virtual ~Progress() = default;
};

// Result of a slice that has not finished the operation. Never delivered.
constexpr int64_t kUnfinished = INT64_MAX;

enum class Duty : uint8_t {
  kNone,
  kSubmit,  // a stand-in for the request that the deputy keeps in `slot`
  kExamine,
  kClose,
  kGiveUp,  // only calls GiveUp
};

// One operation: header, progress, and the part of its family. Its memory belongs to JavaScript,
// and stays until the completion is delivered (held_memory.h).
struct Request {
  uint32_t channel = 0;  // the Context
  uint32_t id = 0;       // the operation within the Context
  Opcode opcode = Opcode::kRead;
  Duty duty = Duty::kNone;               // what `deputy` does besides
  bool missed = false;                   // an attempt on the loop thread failed
  PageCheck check = PageCheck::kNowait;  // for a read on the loop thread
  Deputy* deputy = nullptr;
  uint32_t slot = 0;

  // Descriptor, for transfers, syncs, controls, and other operations without a path.
  int fd = -1;

  // Transfers and controls: the position in the file. Whole files and paths: only the memory's
  // length.
  int64_t offset = 0;
  size_t length = 0;  // bytes asked for, over all vectors

  // Transfers and whole files: the memory. Paths: memory for the reply.
  iovec single{};
  std::unique_ptr<iovec[]> vectors;  // used instead of `single` by readv and writev

  // Parts by family; a sync has none.
  struct TransferPart {
    uint32_t file_key;  // identity of an open handle, or 0 if only `fd` is known
    uint16_t priority;  // ioprio value, 0 for none
    bool fresh_memory;  // never touched
    bool durable;       // write: complete when its data is on the disk
    bool moves;         // uses and moves the file's own position instead of `offset`
    bool append;        // write: to the current end of the file
    bool buffered;      // write: its file is known to be open with neither O_DIRECT nor O_DSYNC
    int vector_count;
    MappedPages pages;  // for a read on the loop thread: pages for its check
    // Progress.
    bool cold;          // read: probably not in the page cache
    bool sync_follows;  // write in the pool: a sync will probably follow
    bool shares_sync;   // write in the pool: made durable by a sync that others may share
    size_t done;        // bytes moved by earlier attempts
  };
  struct ControlPart {
    int flags;  // meaning depends on the operation
    int other_fd;
    int64_t other_offset;
  };
  struct ClosePart {
    uint64_t state;  // of the file, for the deputy
  };
  struct WholeFilePart {
    mode_t mode;     // mode of a new file
    unsigned flags;  // whole_file_flag
  };
  struct PathPart {
    mode_t mode;  // mode of a file made or changed, or of access(2)
    uid_t uid;
    gid_t gid;
    int flags;       // of open(2); copy_flag, tree_flag, remove_flag, tree_copy_flag
    int64_t length;  // new length of a file
  };
  struct TimesPart {
    timespec access;
    timespec change;
  };
  union {
    TransferPart transfer{};
    ControlPart control;
    ClosePart close;
    WholeFilePart file;
    PathPart names;
    TimesPart times;
  };
  std::unique_ptr<char[]> path;        // whole files, paths, times
  const char* other_path = nullptr;    // second path, in the same memory
  std::unique_ptr<Progress> progress;  // trees only

  iovec* iov() { return vectors ? vectors.get() : &single; }
  int iov_count() const { return vectors ? transfer.vector_count : 1; }

  bool is_durable() const { return IsTransfer(opcode) && transfer.durable; }
  bool moves_position() const { return IsTransfer(opcode) && transfer.moves; }
  bool is_buffered() const { return IsTransfer(opcode) && transfer.buffered; }
  bool is_cold() const { return IsTransfer(opcode) && transfer.cold; }
  bool shares_sync() const { return IsTransfer(opcode) && transfer.shares_sync; }
  bool sync_follows() const { return IsTransfer(opcode) && transfer.sync_follows; }
  size_t moved() const { return IsTransfer(opcode) ? transfer.done : 0; }

  // Skips `bytes` that were moved: the next attempt continues after them.
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
  bool opens = false;  // a result of 0 or more is a descriptor, which its receiver owns
};

}  // namespace caio
