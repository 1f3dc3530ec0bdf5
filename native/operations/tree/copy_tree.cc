#include "copy_tree.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/utf8.h"
#include "../path/copy_file.h"
#include "failure.h"
#include "listing.h"
#include "make_path.h"
#include "slice.h"

namespace caio {

namespace {

constexpr uint64_t kSlice = 20 * 1000 * 1000;
// In front of a directory's name in what is noted.
constexpr char kEntered = '+';
// In front of the last entry that was copied.
constexpr char kCopied = '=';

bool IsSame(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What a relative path means from a directory, both without looking.
std::string Resolve(const std::string& directory, const std::string& target) {
  std::vector<std::string> parts;
  const std::string whole = directory + '/' + target;
  for (size_t at = 0; at < whole.size();) {
    const size_t end = std::min(whole.find('/', at), whole.size());
    const std::string part = whole.substr(at, end - at);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    at = end + 1;
  }
  std::string result;
  for (const std::string& part : parts) result += '/' + part;
  return result.empty() ? "/" : result;
}

class Copier {
 public:
  Copier(const char* from, const char* to, unsigned flags, Slice& slice)
      : from_(from), to_(to), verbatim_((flags & tree_copy_flag::kVerbatim) != 0), slice_(slice) {}

  // Whether it is for this function. Makes the directory that it goes into.
  bool Begin() {
    struct stat source;
    struct stat target;
    if (lstat(from_.c_str(), &source) != 0 || !S_ISDIR(source.st_mode)) return false;
    // What is there already has rules of its own.
    if (lstat(to_.c_str(), &target) == 0 || errno != ENOENT) return false;
    // Into itself, by whatever way.
    const std::string above = ParentOf(from_);
    for (std::string parent = ParentOf(to_); parent != "/" && parent != above; parent = ParentOf(parent)) {
      if (stat(parent.c_str(), &target) == 0 && IsSame(source, target)) return false;
    }
    const std::string parent = ParentOf(to_);
    if (stat(parent.c_str(), &target) == 0) return true;
    char made[PATH_MAX];
    if (errno != ENOENT) return false;
    const int64_t result = MakePath(parent.c_str(), 0777, made, sizeof made);
    return result == tree_result::kDone || result == tree_result::kMore;
  }

  // Into the directory of that name, below the one where it is; the first has none. Made, unless an earlier slice has made it.
  bool Enter(const char* name, bool made) {
    Level level;
    level.name = name;
    level.from_size = from_.size();
    level.to_size = to_.size();
    if (!levels_.empty()) Append(name);
    struct stat source;
    const bool entered = lstat(from_.c_str(), &source) == 0 && S_ISDIR(source.st_mode) &&
                         slice_.Reading([&] { return level.entries.Read(from_.c_str()); }) >= 0 &&
                         (made || mkdir(to_.c_str(), 0777) == 0);
    if (!entered) {
      from_.resize(level.from_size);
      to_.resize(level.to_size);
      return false;
    }
    level.mode = source.st_mode & 07777;
    levels_.push_back(std::move(level));
    return true;
  }

  // To where an earlier slice has noted that it has come. What is not where it was is looked for in what has been copied.
  bool Resume(const char* noted) {
    while (*noted == kEntered) {
      noted++;
      if (!levels_.empty() && !SkipTo(noted)) return true;
      if (!Enter(noted, true)) return !levels_.empty();
      noted += strlen(noted) + 1;
    }
    if (*noted == kCopied) SkipTo(noted + 1);
    return true;
  }

  bool Note(char* memory, size_t capacity) const {
    std::string noted;
    for (const Level& level : levels_) {
      noted.push_back(kEntered);
      noted.append(level.name).push_back('\0');
    }
    const Level& last = levels_.back();
    noted.push_back(kCopied);
    noted.append(last.entries.name(last.next - 1)).append(2, '\0');
    if (noted.size() > capacity) return false;
    memcpy(memory, noted.data(), noted.size());
    return true;
  }

  int64_t Run() {
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next == level.entries.count()) {
        if (!Leave()) return tree_result::kFailed;
      } else {
        const size_t at = level.next++;
        // By value: what it stands in moves.
        const std::string name = level.entries.name(at);
        if (level.looks && IsThere(name)) continue;
        // Node has names as text.
        if (!IsUtf8(name.c_str())) return tree_result::kStopped;
        const EntryType type = TypeOf(name, level.entries.type(at));
        if (type == EntryType::kDirectory) {
          if (!Enter(name.c_str(), false)) return tree_result::kStopped;
          continue;
        }
        if (!Copy(name.c_str(), type)) return tree_result::kStopped;
      }
      if (!levels_.empty() && slice_.IsOver()) return tree_result::kMore;
    }
    return tree_result::kDone;
  }

  void Tell(char* memory, size_t capacity) const { TellFailure(errno_, "chmod", to_, memory, capacity); }

 private:
  struct Level {
    std::string name;
    size_t from_size = 0;  // of the paths above it
    size_t to_size = 0;
    mode_t mode = 0;
    bool looks = false;  // for what has been copied already
    Listing entries;
    size_t next = 0;
  };

  void Append(const char* name) {
    from_.append("/").append(name);
    to_.append("/").append(name);
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

  bool IsThere(const std::string& name) const {
    struct stat file;
    return lstat((to_ + '/' + name).c_str(), &file) == 0;
  }

  bool Leave() {
    const Level& level = levels_.back();
    if (chmod(to_.c_str(), level.mode) != 0) {
      errno_ = errno;
      return false;
    }
    from_.resize(level.from_size);
    to_.resize(level.to_size);
    levels_.pop_back();
    return true;
  }

  EntryType TypeOf(const std::string& name, EntryType type) const {
    if (type != EntryType::kUnknown) return type;
    struct stat file;
    if (lstat((from_ + '/' + name).c_str(), &file) != 0) return EntryType::kUnknown;
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
      done = CopyLink(from_.substr(0, from_size));
    }
    from_.resize(from_size);
    to_.resize(to_size);
    return done;
  }

  bool CopyRegular() const {
    struct stat source;
    if (lstat(from_.c_str(), &source) != 0 || !S_ISREG(source.st_mode)) return false;
    if (CopyFile(from_.c_str(), to_.c_str(), copy_flag::kExclusive) != 0) return false;
    // Writing has taken these away.
    return (source.st_mode & (S_ISUID | S_ISGID)) == 0 || chmod(to_.c_str(), source.st_mode & 07777) == 0;
  }

  bool CopyLink(const std::string& directory) const {
    char target[PATH_MAX];
    const ssize_t length = readlink(from_.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target)) return false;
    std::string path(target, static_cast<size_t>(length));
    if (!IsUtf8(path.c_str())) return false;
    if (!verbatim_ && path[0] != '/') path = Resolve(directory, path);
    return symlink(path.c_str(), to_.c_str()) == 0;
  }

  std::string from_;
  std::string to_;
  const bool verbatim_;
  Slice& slice_;
  std::vector<Level> levels_;
  int errno_ = 0;
};

}  // namespace

int64_t CopyTree(const char* from, const char* to, unsigned flags, char* memory, size_t capacity) {
  Slice slice(kSlice);
  Copier copier(from, to, flags, slice);
  const bool begun = memory[0] != '\0';
  if (begun ? !copier.Resume(memory) : !(copier.Begin() && copier.Enter("", false))) return -EAGAIN;
  const int64_t result = copier.Run();
  if (result == tree_result::kFailed) copier.Tell(memory, capacity);
  if (result == tree_result::kMore || result == tree_result::kStopped) {
    if (!copier.Note(memory, capacity)) return -EAGAIN;
  }
  return result;
}

}  // namespace caio
