// Whether a range of a file is in memory, for file systems without RWF_NOWAIT. Any thread; nothing
// here waits.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "../request/mapped_pages.h"

namespace caio {

// A file mapped only for mincore(2): without access, so that none of its pages can be touched.
class FileMap {
 public:
  // Maps nothing if the file cannot be mapped.
  FileMap(int fd, uint64_t size);
  FileMap() = default;
  ~FileMap();
  FileMap(FileMap&& other) noexcept : pages_(other.pages_) { other.pages_ = {}; }
  FileMap& operator=(FileMap&& other) noexcept;
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  const MappedPages& pages() const { return pages_; }

  // Whether the kernel tells what is in memory. To callers that neither own the file nor may write
  // it, it answers "resident" for every page, to reveal nothing about other users (can_do_mincore
  // in mm/mincore.c); some sandboxes answer so to all. Asks about the page after the file's last,
  // which cannot be resident.
  bool IsTold() const;

  static size_t PagesFor(uint64_t size);

 private:
  MappedPages pages_{};
};

// Checks at most kMostLookedAt bytes of a file: 0 if all are in memory, -EAGAIN if not, -EOPNOTSUPP
// if the kernel does not tell.
constexpr size_t kMostLookedAt = 64 * 1024;
int LookInMap(const MappedPages& pages, uint64_t offset, size_t length);

// The same for a file of a memory file system, which may have been swapped out.
int LookForSwapped(int fd, uint64_t offset, size_t length);

// Whether this machine has any swap.
bool HasSwap();

// The file system that holds a file of an overlay. statx(2) shows which attributes that file system
// supports and which the file has, its time of birth among them. File systems that may have to ask
// a server support fewer.
enum class Layer : uint8_t {
  kForeign,  // not known to be local
  kLocking,  // xfs, or memory: readers wait for writers of the same file
  kPlain,    // ext4, f2fs, btrfs, bcachefs: readers wait for no other thread
};
// `file` has to come from a call that asked for STATX_BTIME, too.
Layer LayerOf(const struct statx& file);

}  // namespace caio
