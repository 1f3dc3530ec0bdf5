#include "copy_tree.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/checked.h"
#include "../../support/text.h"
#include "../../support/utf8.h"
#include "../path/copy_file.h"
#include "failure.h"
#include "listing.h"
#include "make_path.h"
#include "slice.h"

namespace caio {

namespace {

constexpr uint64_t kSlice = 20 * 1000 * 1000;
// Prefix of a directory's name in the noted position.
constexpr char kEntered = '+';
// Prefix of the entry's name at which the copy has stopped.
constexpr char kStop = '=';

bool IsSame(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

Text ParentOf(const Text& path) {
  const char* slash = strrchr(path.c_str(), '/');
  return slash == path.c_str() ? Text("/") : Text(path.c_str(), static_cast<size_t>(slash - path.c_str()));
}

bool IsRoot(const Text& path) { return path == Text("/"); }

// Resolves a relative path against a directory, without asking the file system.
Text Resolve(const Text& directory, const Text& target) {
  std::vector<Text> parts;
  const Text whole = Text(directory).Append('/').Append(target);
  for (const char* at = whole.c_str(); *at != '\0';) {
    const size_t length = strcspn(at, "/");
    const Text part(at, length);
    if (part == Text("..")) {
      if (!parts.empty()) parts.pop_back();
    } else if (length > 0 && part != Text(".")) {
      parts.push_back(part);
    }
    at += length + (at[length] == '/' ? 1 : 0);
  }
  Text result;
  for (const Text& part : parts) result.Append('/').Append(part);
  return parts.empty() ? Text("/") : result;
}

class Copier final : public Progress {
 public:
  Copier(const char* from, const char* to, unsigned flags)
      : from_(from),
        to_(to),
        verbatim_((flags & tree_copy_flag::kVerbatim) != 0),
        file_flags_(copy_flag::kExclusive |
                    ((flags & tree_copy_flag::kLikeSource) != 0 ? copy_flag::kLikeSource : 0U)) {}

  // Whether this function can copy the tree. Makes the target's parent directory.
  bool Begin() {
    struct stat source;
    struct stat target;
    if (lstat(from_.c_str(), &source) != 0 || !S_ISDIR(source.st_mode)) return false;
    // An existing target has rules of its own.
    if (lstat(to_.c_str(), &target) == 0 || errno != ENOENT) return false;
    // A copy into itself, by whatever path.
    const Text above = ParentOf(from_);
    for (Text parent = ParentOf(to_); !IsRoot(parent) && parent != above; parent = ParentOf(parent)) {
      if (stat(parent.c_str(), &target) == 0 && IsSame(source, target)) return false;
    }
    const Text parent = ParentOf(to_);
    if (stat(parent.c_str(), &target) == 0) return true;
    char made[PATH_MAX];
    if (errno != ENOENT) return false;
    const int64_t result = MakePath(parent.c_str(), 0777, made, sizeof made);
    return result == tree_result::kDone || result == tree_result::kMade;
  }

  // Enters the directory of that name, empty for the top. Makes it, unless it was `made` before.
  bool Enter(const char* name, bool made) {
    Level level;
    level.name = Text(name);
    level.from_size = from_.size();
    level.to_size = to_.size();
    if (!levels_.empty()) Append(name);
    struct stat source;
    int64_t result = Checked(lstat(from_.c_str(), &source));
    if (result == 0 && !S_ISDIR(source.st_mode)) result = -ENOTDIR;
    if (result == 0) result = level.entries.Read(from_.c_str());
    if (result == 0 && !made) result = Uninterrupted([this] { return mkdir(to_.c_str(), 0777); });
    if (result != 0) {
      errno_ = static_cast<int>(-result);
      from_.Cut(level.from_size);
      to_.Cut(level.to_size);
      return false;
    }
    level.mode = source.st_mode & 07777;
    levels_.push_back(std::move(level));
    return true;
  }

  // Continues after the noted entry. An entry not at its old place is looked for among those
  // already copied. Stops at a directory that is gone or cannot be read again: the rest of it has
  // not been copied.
  bool Resume(const char* noted) {
    while (*noted == kEntered) {
      noted++;
      const bool is_there = levels_.empty() || SkipTo(noted);
      if (!is_there || !Enter(noted, true)) {
        stop_ = Text(noted);
        return !levels_.empty();
      }
      noted += strlen(noted) + 1;
    }
    if (*noted == kStop) SkipTo(noted + 1);
    return true;
  }

  bool Note(char* memory, size_t capacity) const {
    Text noted;
    for (const Level& level : levels_) noted.Append(kEntered).Append(level.name).Append('\0');
    noted.Append(kStop).Append(stop_).Append('\0').Append('\0');
    if (noted.size() > capacity) return false;
    memcpy(memory, noted.c_str(), noted.size());
    return true;
  }

  int64_t Run(const Slice& slice) {
    while (stop_.size() == 0 && !levels_.empty()) {
      Level& level = levels_.back();
      if (level.next == level.entries.count()) {
        if (!Leave()) return tree_result::kFailed;
      } else {
        // By value: the level that holds the name moves.
        const size_t at = level.next++;
        CopyEntry(Text(level.entries.name(at)), level.entries.type(at), level.looks);
      }
      if (slice.IsOver()) return kUnfinished;
    }
    return stop_.size() == 0 ? tree_result::kDone : tree_result::kStopped;
  }

  void Tell(char* memory, size_t capacity) const { TellFailure(errno_, "chmod", to_, memory, capacity); }

 private:
  struct Level {
    Text name;
    size_t from_size = 0;  // of the path above it
    size_t to_size = 0;
    mode_t mode = 0;
    bool looks = false;  // for entries already copied
    Listing entries;
    size_t next = 0;
  };

  void Append(const char* name) {
    from_.Append('/').Append(name);
    to_.Append('/').Append(name);
  }

  void CopyEntry(const Text& name, EntryType listed, bool looks) {
    if (looks && IsThere(name)) return;
    // Node needs names as text.
    if (IsUtf8(name.c_str())) {
      const EntryType type = TypeOf(name, listed);
      const bool is_directory = type == EntryType::kDirectory;
      if (is_directory ? Enter(name.c_str(), false) : Copy(name.c_str(), type)) return;
    }
    stop_ = name;
  }

  bool SkipTo(const char* name) {
    Level& level = levels_.back();
    while (level.next < level.entries.count()) {
      if (strcmp(level.entries.name(level.next++), name) == 0) return true;
    }
    level.next = 0;
    level.looks = true;
    return false;
  }

  bool IsThere(const Text& name) const {
    struct stat file;
    return lstat(Text(to_).Append('/').Append(name).c_str(), &file) == 0;
  }

  bool Leave() {
    const Level& level = levels_.back();
    if (Repeated([&] { return chmod(to_.c_str(), level.mode); }) != 0) {
      errno_ = errno;
      return false;
    }
    from_.Cut(level.from_size);
    to_.Cut(level.to_size);
    levels_.pop_back();
    return true;
  }

  EntryType TypeOf(const Text& name, EntryType type) const {
    if (type != EntryType::kUnknown) return type;
    struct stat file;
    if (lstat(Text(from_).Append('/').Append(name).c_str(), &file) != 0) return EntryType::kUnknown;
    if (S_ISDIR(file.st_mode)) return EntryType::kDirectory;
    if (S_ISLNK(file.st_mode)) return EntryType::kLink;
    return S_ISREG(file.st_mode) ? EntryType::kFile : EntryType::kUnknown;
  }

  bool Copy(const char* name, EntryType type) {
    const size_t from_size = from_.size();
    const size_t to_size = to_.size();
    Append(name);
    bool done = false;
    if (type == EntryType::kFile) {
      done = CopyRegular();
    } else if (type == EntryType::kLink) {
      done = CopyLink(Text(from_.c_str(), from_size));
    }
    from_.Cut(from_size);
    to_.Cut(to_size);
    return done;
  }

  bool CopyRegular() const {
    struct stat source;
    if (lstat(from_.c_str(), &source) != 0 || !S_ISREG(source.st_mode)) return false;
    if (CopyFile(from_.c_str(), to_.c_str(), file_flags_) != 0) return false;
    // Writing has cleared these bits.
    return (source.st_mode & (S_ISUID | S_ISGID)) == 0 || chmod(to_.c_str(), source.st_mode & 07777) == 0;
  }

  bool CopyLink(const Text& directory) const {
    char target[PATH_MAX];
    const ssize_t length = readlink(from_.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target)) return false;
    Text path(target, static_cast<size_t>(length));
    if (!IsUtf8(path.c_str())) return false;
    if (!verbatim_ && target[0] != '/') path = Resolve(directory, path);
    return symlink(path.c_str(), to_.c_str()) == 0;
  }

  Text from_;
  Text to_;
  const bool verbatim_;
  const unsigned file_flags_;
  std::vector<Level> levels_;
  Text stop_;  // an entry of the innermost directory
  int errno_ = 0;
};

}  // namespace

int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity,
                 std::unique_ptr<Progress>& progress) {
  const Slice slice(kSlice);
  if (!progress) {
    auto begun = std::make_unique<Copier>(from, to, flags);
    const bool goes_on = memory[0] != '\0';
    if (goes_on ? !begun->Resume(memory) : !(begun->Begin() && begun->Enter("", false))) return -EAGAIN;
    progress = std::move(begun);
  }
  auto* const copier = static_cast<Copier*>(progress.get());
  const int64_t result = copier->Run(slice);
  if (result == tree_result::kFailed) copier->Tell(memory, capacity);
  if (result == tree_result::kStopped && !copier->Note(memory, capacity)) return -EAGAIN;
  return result;
}

}  // namespace caio
