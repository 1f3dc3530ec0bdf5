#include "remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "../../support/nanoseconds.h"
#include "failure.h"
#include "listing.h"
#include "slice.h"

namespace caio {

namespace {

constexpr uint64_t kSlice = 20 * 1000 * 1000;
// Directories kept open. In a deeper tree, those near the top are closed, and opened again on the
// way back.
constexpr size_t kOpen = 8;
// How often directories are read again because new entries have appeared in them.
constexpr int kMostReadings = 5;
// Nanoseconds that a removal without progress waits for descriptors that other removals hold.
constexpr uint64_t kPatience = 2'000'000'000;
constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

struct Level {
  Directory directory;
  dev_t device = 0;
  ino_t number = 0;
  Listing entries;
  size_t next = 0;
};

bool IsMissing(int error) { return error == ENOENT; }
bool IsShortage(int error) { return error == EMFILE || error == ENFILE; }
bool HasEntries(int error) { return error == ENOTEMPTY || error == EEXIST; }
bool MayHaveEntries(int error) { return HasEntries(error) || error == EPERM; }

class Remover final : public Progress {
 public:
  explicit Remover(const char* root) : root_(root) { begun.fetch_add(1); }
  ~Remover() override { begun.fetch_sub(1); }

  int64_t Run(const Slice& slice) {
    if (levels_.empty()) Begin();
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next < level.entries.count()) {
        Remove(level);
      } else {
        Leave();
      }
      if (!levels_.empty() && slice.IsOver()) {
        KeepInnermost();
        return kUnfinished;
      }
    }
    if (waits_) {
      waits_ = false;
      return kUnfinished;
    }
    return errno_ == 0 ? tree_result::kDone : tree_result::kFailed;
  }

  void Tell(char* memory, size_t capacity) const { TellFailure(errno_, syscall_, path_, memory, capacity); }

 private:
  void Begin() {
    if (!Enter(AT_FDCWD, root_)) {
      if (!IsMissing(errno) && !WaitForDescriptors()) Fail("scandir", nullptr);
      return;
    }
    const Level& root = levels_.front();
    // After a wait, the path may name another directory.
    const bool other = device_ != 0 && (root.device != device_ || root.number != number_);
    device_ = root.device;
    number_ = root.number;
    if (!other) return;
    levels_.clear();
    errno = ENOTEMPTY;
    Fail("rmdir", nullptr);
  }

  // Reads errno. True if descriptors are short only for now, because other removals hold some. This
  // removal then closes all of its own, so that the others can go on, and begins again later: what
  // it has removed stays removed.
  bool WaitForDescriptors() {
    if (!IsShortage(errno) || begun.load() < 2) return false;
    const uint64_t now = Nanoseconds();
    if (removed_ != removed_before_ || waits_since_ == 0) {
      removed_before_ = removed_;
      waits_since_ = now;
    } else if (now - waits_since_ > kPatience) {
      return false;
    }
    levels_.clear();
    usleep(1000);
    waits_ = true;
    return true;
  }

  // The innermost directory has been deleted, and its `..` leads nowhere. Begins again at the top,
  // if that is still the same directory.
  void BeginAgain() {
    KeepInnermost();
    // Kept open until then, so that no new directory gets one of their inode numbers.
    const std::vector<Level> gone = std::move(levels_);
    levels_.clear();
    Begin();
  }

  // Closes all other descriptors, which other threads may need: `..` leads back without them. While
  // the innermost is open, the kernel keeps the directories above it in memory, and with them their
  // inode numbers, which overlayfs makes up.
  void KeepInnermost() {
    for (size_t at = 0; at + 1 < levels_.size(); at++) levels_[at].directory.reset();
  }

  int Open(int directory, const char* name) {
    const auto open = [=] { return openat(directory, name, kFlags); };
    const int fd = Repeated(open);
    if (fd >= 0 || !IsShortage(errno)) return fd;
    KeepInnermost();
    return Repeated(open);
  }

  static const char* NameOf(const Level& level) { return level.entries.name(level.next - 1); }

  // Removes the next entry of the innermost directory.
  void Remove(Level& level) {
    const EntryType type = level.entries.type(level.next++);
    const int directory = dirfd(level.directory.get());
    // `level` moves when another is entered; its names do not.
    const char* name = NameOf(level);
    if (type != EntryType::kDirectory) {
      if (Unlinked(directory, name, 0)) return;
      // A directory after all: the file system did not give the type, or the entry has changed.
      if (errno != EISDIR && errno != EPERM) return Fail("unlink", name);
    }
    // As Node: an entry that may not be removed, or is a mount point, is not emptied.
    if (Unlinked(directory, name, AT_REMOVEDIR)) return;
    if (errno == ENOTDIR) {
      if (!Unlinked(directory, name, 0)) Fail("unlink", name);
    } else if (!MayHaveEntries(errno)) {
      Fail(CanLookAt(directory, name) ? "rmdir" : "unlink", name);
    } else if (!Enter(directory, name) && !IsMissing(errno) && !WaitForDescriptors()) {
      Fail("scandir", name);
    }
  }

  // Node calls lstat first, and treats an entry where that fails as a file. Keeps errno.
  static bool CanLookAt(int directory, const char* name) {
    const int error = errno;
    struct stat file;
    const bool can = fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0;
    errno = error;
    return can;
  }

  // False, with errno set, if the directory cannot be read.
  bool Enter(int above, const char* name) {
    const int fd = Open(above, name);
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
    const int64_t error = level.entries.Read(directory.get());
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

  // Removes the innermost directory, whose entries are gone.
  void Leave() {
    Level& level = levels_.back();
    Level* const above = levels_.size() > 1 ? &levels_[levels_.size() - 2] : nullptr;
    if (above && !OpenAgain(*above, level)) {
      if (IsMissing(errno)) return BeginAgain();
      if (WaitForDescriptors()) return;
      // `..` leads to another directory than expected.
      if (!IsShortage(errno)) errno = ENOTEMPTY;
      Fail(IsShortage(errno) ? "scandir" : "rmdir", nullptr);
      return levels_.clear();
    }
    if (!Unlinked(above ? dirfd(above->directory.get()) : AT_FDCWD, above ? NameOf(*above) : root_, AT_REMOVEDIR)) {
      if (HasEntries(errno) && errno_ == 0 && readings_++ < kMostReadings) {
        rewinddir(level.directory.get());
        level.entries = Listing();
        level.next = 0;
        if (level.entries.Read(level.directory.get()) == 0) return;
        errno = ENOTEMPTY;
      }
      Fail("rmdir", nullptr);
    }
    levels_.pop_back();
  }

  // Opens a directory again that was closed on the way down, if it is still the parent of `below`.
  bool OpenAgain(Level& above, const Level& below) {
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
    const bool gone = Repeated([=] { return unlinkat(directory, name, flags); }) == 0 || IsMissing(errno);
    if (gone) removed_++;
    return gone;
  }

  // Records errno as the failure of an entry of the innermost directory, or of that directory. Its
  // parents cannot be removed either.
  void Fail(const char* syscall, const char* name) {
    if (errno_ != 0) return;
    errno_ = errno;
    syscall_ = syscall;
    path_ = Text(root_);
    for (size_t at = 0; at + 1 < levels_.size(); at++) path_.Append('/').Append(NameOf(levels_[at]));
    if (name) path_.Append('/').Append(name);
  }

  // Removals in progress, in all pools of the process.
  static inline std::atomic<int> begun{0};

  const char* const root_;
  std::vector<Level> levels_;
  int readings_ = 0;
  // Identity of the top directory.
  dev_t device_ = 0;
  ino_t number_ = 0;
  // State of a wait for descriptors.
  bool waits_ = false;
  uint64_t waits_since_ = 0;
  uint64_t removed_ = 0;
  uint64_t removed_before_ = 0;
  // The first failure.
  int errno_ = 0;
  const char* syscall_ = "";
  Text path_;
};

}  // namespace

int64_t RemoveTree(const char* path, unsigned flags, char* memory, size_t capacity,
                   std::unique_ptr<Progress>& progress) {
  const Slice slice(kSlice);
  struct stat file;
  if (!progress) {
    const bool force = (flags & remove_flag::kForce) != 0;
    if (lstat(path, &file) != 0) {
      if (!IsMissing(errno)) return -EAGAIN;
      if (force) return tree_result::kDone;
      // Reported at once: an operation that follows may put something at the path, which Node would
      // remove.
      TellFailure(ENOENT, "lstat", Text(path), memory, capacity);
      return tree_result::kFailed;
    }
    if (!S_ISDIR(file.st_mode)) return unlink(path) == 0 || IsMissing(errno) ? tree_result::kDone : -EAGAIN;
    if ((flags & remove_flag::kRecursive) == 0) return -EAGAIN;
    if (rmdir(path) == 0 || IsMissing(errno)) return tree_result::kDone;
    if (!MayHaveEntries(errno)) return -EAGAIN;
    progress = std::make_unique<Remover>(path);
  }
  auto* const remover = static_cast<Remover*>(progress.get());
  const int64_t result = remover->Run(slice);
  if (result == tree_result::kFailed) remover->Tell(memory, capacity);
  return result;
}

}  // namespace caio
