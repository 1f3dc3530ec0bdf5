#include "read_tree.h"

#include <errno.h>

#include <cstring>
#include <vector>

#include "../../request/protocol.h"
#include "../../support/is_directory.h"
#include "../../support/text.h"
#include "listing.h"
#include "slice.h"

namespace caio {

namespace {

constexpr uint64_t kSlice = 5 * 1000 * 1000;
constexpr char kDescended = static_cast<char>(128);
constexpr size_t kHeader = 2 * sizeof(uint32_t);

class Reader {
 public:
  Reader(const char* path, unsigned flags, size_t capacity)
      : path_(path),
        follows_((flags & tree_flag::kFollow) != 0),
        whole_names_((flags & tree_flag::kWholeNames) != 0),
        sorts_((flags & tree_flag::kUnsorted) == 0),
        capacity_(capacity) {
    if (path_.last() != '/') path_.Append('/');
    root_ = path_.size();
  }

  int64_t Read(Slice& slice) {
    directories_.emplace_back();
    for (size_t at = 0; at < directories_.size(); at++) {
      if (at > 0 && slice.IsOver()) break;
      // By value: ReadOne adds to directories_.
      const Text directory = directories_[at];
      const int64_t error = ReadOne(directory);
      if (error == -EOVERFLOW && at > 0) break;
      if (error < 0) return at == 0 ? error : -EAGAIN;
    }
    return static_cast<int64_t>(counts_.size());
  }

  void Write(char* reply) const {
    const uint32_t header[] = {static_cast<uint32_t>(types_.size()), static_cast<uint32_t>(names_.size())};
    memcpy(reply, header, kHeader);
    reply += kHeader;
    const size_t counts = counts_.size() * sizeof counts_[0];
    memcpy(reply, counts_.data(), counts);
    reply += counts;
    memcpy(reply, types_.data(), types_.size());
    memcpy(reply + types_.size(), names_.data(), names_.size());
  }

 private:
  // `directory` is relative to the root: empty for the root itself, else with a slash at its end.
  int64_t ReadOne(const Text& directory) {
    path_.Cut(root_);
    path_.Append(directory);
    Listing entries;
    const int64_t error = entries.Read(path_.c_str());
    if (error < 0) {
      // No longer a directory, or stat fails.
      if (directory.size() == 0 || !follows_ || IsDirectory(path_.c_str())) return error;
      counts_.push_back(0);
      return 0;
    }
    const size_t prefix = whole_names_ ? directory.size() : 0;
    const size_t names = entries.bytes() + prefix * entries.count();
    const size_t all = names_.size() + names + types_.size() + entries.count();
    if (kHeader + (counts_.size() + 1) * sizeof counts_[0] + all > capacity_) return -EOVERFLOW;
    if (sorts_) entries.Sort();
    for (size_t at = 0; at < entries.count(); at++) {
      const char* name = entries.name(at);
      const bool descends = IsDescended(directory, name, entries.type(at));
      types_.push_back(static_cast<char>(static_cast<char>(entries.type(at)) | (descends ? kDescended : 0)));
      if (descends) directories_.push_back(Text(directory).Append(name).Append('/'));
      names_.insert(names_.end(), directory.c_str(), directory.c_str() + prefix);
      names_.insert(names_.end(), name, name + strlen(name) + 1);
    }
    counts_.push_back(static_cast<uint32_t>(entries.count()));
    return 0;
  }

  bool IsDescended(const Text& directory, const char* name, EntryType type) {
    if (type == EntryType::kDirectory) return true;
    if (!follows_ || (type != EntryType::kLink && type != EntryType::kUnknown)) return false;
    path_.Cut(root_);
    path_.Append(directory).Append(name);
    return IsDirectory(path_.c_str());
  }

  Text path_;
  size_t root_;  // length of the root's path
  const bool follows_;
  const bool whole_names_;
  const bool sorts_;
  const size_t capacity_;
  std::vector<Text> directories_;
  std::vector<uint32_t> counts_;
  std::vector<char> types_;
  std::vector<char> names_;
};

}  // namespace

int64_t ReadTree(const char* path, unsigned flags, char* reply, size_t capacity) {
  Slice slice(kSlice);
  Reader reader(path, flags, capacity);
  const int64_t result = reader.Read(slice);
  if (result >= 0) reader.Write(reply);
  return result;
}

}  // namespace caio
