// Whether what is to be read of a file is in memory, where the file system does not know RWF_NOWAIT. Any thread; nothing here waits.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "../request/mapped_pages.h"

namespace caio {

// A file mapped for mincore(2) alone: without any access, so that none of its pages can be touched.
class FileMap {
 public:
  // Nothing, where the file cannot be mapped.
  FileMap(int fd, uint64_t size);
  FileMap() = default;
  ~FileMap();
  FileMap(FileMap&& other) noexcept : pages_(other.pages_) { other.pages_ = {}; }
  FileMap& operator=(FileMap&& other) noexcept;
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  const MappedPages& pages() const { return pages_; }

  // Whether the kernel says what is in memory. To callers that neither own the file nor may write it, it says that everything is, so as to
  // tell them nothing of others (can_do_mincore in mm/mincore.c; some sandboxes do so to all): it is asked for a page behind the file's
  // last, which cannot be.
  bool IsTold() const;

  static size_t PagesFor(uint64_t size);

 private:
  MappedPages pages_{};
};

// What is said of some bytes of a file, at most kMostLookedAt: 0 where all are in memory, -EAGAIN where they are not, -EOPNOTSUPP where
// that is not said.
constexpr size_t kMostLookedAt = 64 * 1024;
int LookInMap(const MappedPages& pages, uint64_t offset, size_t length);

// The same of a memory file system's file, which may have been swapped out.
int LookForSwapped(int fd, uint64_t offset, size_t length);

// Whether this machine has any swap.
bool HasSwap();

// Where a file of an overlay really is. statx(2) shows of it which attributes that file system knows, and which it has, the file's time of
// birth among them. Those that may have to ask a server know less.
enum class Layer : uint8_t {
  kForeign,  // not known to be local
  kLocking,  // xfs, or memory: who reads waits for who writes the same file
  kPlain,    // ext4, f2fs, btrfs, bcachefs: nobody is waited for
};
// Of an answer that has been asked for STATX_BTIME, too.
Layer LayerOf(const struct statx& file);

}  // namespace caio
