#include "remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "failure.h"
#include "listing.h"
#include "slice.h"

namespace caio {

namespace {

constexpr uint64_t kSlice = 20 * 1000 * 1000;
// Directories that are open: of a deeper tree those at the top are opened anew on the way back.
constexpr size_t kOpen = 8;
// How often directories are read anew, over all slices, that somebody has put something into meanwhile.
constexpr int32_t kMostReadings = 5;
constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

struct Level {
  Directory directory;
  dev_t device = 0;
  ino_t number = 0;
  Listing entries;
  size_t next = 0;
};

int Open(int directory, const char* name) {
  return Repeated([=] { return openat(directory, name, kFlags); });
}
bool IsMissing(int error) { return error == ENOENT; }
bool HasEntries(int error) { return error == ENOTEMPTY || error == EEXIST; }
bool MayHaveEntries(int error) { return HasEntries(error) || error == EPERM; }

// What one slice tells the next.
struct Notes {
  int32_t readings;
  int32_t begun;
  // Of the directory at the top.
  uint64_t device;
  uint64_t number;
  // Whether why something was not removed stands behind these, as failure.h has it.
  int32_t failed;
};

class Remover {
 public:
  Remover(const char* root, Notes& notes, Slice& slice) : root_(root), notes_(notes), slice_(slice) {}

  int64_t Run() {
    if (!Enter(Open(AT_FDCWD, root_))) {
      if (IsMissing(errno)) return tree_result::kDone;
      Fail("scandir", nullptr);
    } else if (!IsWhatItWas()) {
      // Somebody else has put it there.
      errno = ENOTEMPTY;
      levels_.clear();
      Fail("rmdir", nullptr);
    }
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next < level.entries.count()) {
        Remove(level);
      } else {
        const int64_t left = Leave();
        if (left == tree_result::kMore) return left;
        if (left == tree_result::kFailed) break;
      }
      if (removed_ > 0 && !levels_.empty() && slice_.IsOver()) return tree_result::kMore;
    }
    return errno_ == 0 ? tree_result::kDone : tree_result::kFailed;
  }

  bool HasFailed() const { return errno_ != 0; }

  void Tell(char* memory, size_t capacity) const { TellFailure(errno_, syscall_, path_, memory, capacity); }

 private:
  bool IsWhatItWas() {
    const Level& top = levels_.front();
    const auto device = static_cast<uint64_t>(top.device);
    const auto number = static_cast<uint64_t>(top.number);
    if (notes_.begun != 0) return notes_.device == device && notes_.number == number;
    notes_ = {0, 1, device, number, 0};
    return true;
  }

  static const char* NameOf(const Level& level) { return level.entries.name(level.next - 1); }

  // The next entry of the innermost directory.
  void Remove(Level& level) {
    const EntryType type = level.entries.type(level.next++);
    const int directory = dirfd(level.directory.get());
    // Of a level that moves when another is entered, but not its names.
    const char* name = NameOf(level);
    if (type != EntryType::kDirectory) {
      if (Unlinked(directory, name, 0)) return;
      // The file system has not said, or it has become one.
      if (errno != EISDIR && errno != EPERM) return Fail("unlink", name);
    }
    // As Node does it: what may not be removed, or has something mounted on it, is not emptied.
    if (Unlinked(directory, name, AT_REMOVEDIR)) return;
    if (errno == ENOTDIR) {
      if (!Unlinked(directory, name, 0)) Fail("unlink", name);
    } else if (!MayHaveEntries(errno)) {
      Fail(CanLookAt(directory, name) ? "rmdir" : "unlink", name);
    } else if (!Enter(Open(directory, name)) && !IsMissing(errno)) {
      Fail("scandir", name);
    }
  }

  // Node looks first, and goes on as with a file where it cannot. Keeps errno.
  static bool CanLookAt(int directory, const char* name) {
    const int error = errno;
    struct stat file;
    const bool can = fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0;
    errno = error;
    return can;
  }

  // False, with errno set, where it cannot be read.
  bool Enter(int fd) {
    if (fd < 0) return false;
    struct stat file;
    Directory directory(fdopendir(fd));
    if (!directory || fstat(fd, &file) != 0) {
      const int error = errno;
      if (!directory) close(fd);
      errno = error;
      return false;
    }
    Level level;
    const int64_t error = slice_.Reading([&] { return level.entries.Read(directory.get()); });
    if (error < 0) {
      errno = static_cast<int>(-error);
      return false;
    }
    level.directory = std::move(directory);
    level.device = file.st_dev;
    level.number = file.st_ino;
    levels_.push_back(std::move(level));
    if (levels_.size() > kOpen) levels_[levels_.size() - 1 - kOpen].directory.reset();
    return true;
  }

  // Removes the innermost directory, whose entries are gone. tree_result::kFailed where the way back is another than the way there;
  // tree_result::kMore where it has gone.
  int64_t Leave() {
    Level& level = levels_.back();
    Level* const above = levels_.size() > 1 ? &levels_[levels_.size() - 2] : nullptr;
    if (above && !OpenAgain(*above, level)) {
      if (IsMissing(errno)) return tree_result::kMore;
      errno = ENOTEMPTY;
      Fail("rmdir", nullptr);
      return tree_result::kFailed;
    }
    if (!Unlinked(above ? dirfd(above->directory.get()) : AT_FDCWD, above ? NameOf(*above) : root_, AT_REMOVEDIR)) {
      if (HasEntries(errno) && errno_ == 0 && notes_.readings++ < kMostReadings) {
        rewinddir(level.directory.get());
        level.entries = Listing();
        level.next = 0;
        if (slice_.Reading([&] { return level.entries.Read(level.directory.get()); }) == 0) return tree_result::kDone;
        errno = ENOTEMPTY;
      }
      Fail("rmdir", nullptr);
    }
    levels_.pop_back();
    return tree_result::kDone;
  }

  // What was closed on the way down, if it is still the one above.
  static bool OpenAgain(Level& above, const Level& below) {
    if (above.directory) return true;
    const int fd = Open(dirfd(below.directory.get()), "..");
    if (fd < 0) return false;
    above.directory.reset(fdopendir(fd));
    if (!above.directory) {
      close(fd);
      errno = ENOMEM;
      return false;
    }
    struct stat file;
    if (fstat(fd, &file) == 0 && file.st_dev == above.device && file.st_ino == above.number) return true;
    errno = ENOTDIR;
    return false;
  }

  bool Unlinked(int directory, const char* name, int flags) {
    const int result = Repeated([=] { return unlinkat(directory, name, flags); });
    if (result == 0) removed_++;
    return result == 0 || IsMissing(errno);
  }

  // With errno: of an entry of the innermost directory, or of itself. Those above it cannot be removed either.
  void Fail(const char* syscall, const char* name) {
    if (errno_ != 0) return;
    errno_ = errno;
    syscall_ = syscall;
    path_ = Text(root_);
    for (size_t at = 0; at + 1 < levels_.size(); at++) path_.Append('/').Append(NameOf(levels_[at]));
    if (name) path_.Append('/').Append(name);
  }

  const char* const root_;
  Notes& notes_;
  Slice& slice_;
  std::vector<Level> levels_;
  size_t removed_ = 0;
  // Of what has failed first.
  int errno_ = 0;
  const char* syscall_ = "";
  Text path_;
};

}  // namespace

int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity) {
  Slice slice(kSlice);
  Notes notes;
  if (capacity <= sizeof notes) return -EAGAIN;
  memcpy(&notes, memory, sizeof notes);
  struct stat file;
  if (notes.begun == 0) {
    const bool force = (flags & remove_flag::kForce) != 0;
    if (lstat(path, &file) != 0) return IsMissing(errno) && force ? tree_result::kDone : -EAGAIN;
    if (!S_ISDIR(file.st_mode)) return unlink(path) == 0 || IsMissing(errno) ? tree_result::kDone : -EAGAIN;
    if ((flags & remove_flag::kRecursive) == 0) return -EAGAIN;
    if (rmdir(path) == 0 || IsMissing(errno)) return tree_result::kDone;
    if (!MayHaveEntries(errno)) return -EAGAIN;
  }
  Remover remover(path, notes, slice);
  const int64_t result = remover.Run();
  char* const failure = memory + sizeof notes;
  const size_t room = capacity - sizeof notes;
  // An earlier slice's comes first.
  if (remover.HasFailed() && notes.failed == 0) {
    remover.Tell(failure, room);
    notes.failed = 1;
  }
  if (result == tree_result::kFailed) {
    memmove(memory, failure, room);
  } else {
    memcpy(memory, &notes, sizeof notes);
  }
  return result;
}

}  // namespace caio
