// The entries of a directory, in memory: names and types.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace caio {

struct ClosingDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, ClosingDirectory>;

// The numbers of libuv.
enum class EntryType : char { kUnknown, kFile, kDirectory, kLink, kFifo, kSocket, kCharacter, kBlock };

class Listing {
 public:
  // Blocks. Reads all entries except `.` and `..`, in the file system's order. 0, or a negative
  // errno.
  int64_t Read(DIR* directory);
  int64_t Read(const char* path);

  // Sorts by the bytes of the names, as libuv does.
  void Sort();

  size_t count() const { return places_.size(); }
  const char* name(size_t at) const { return text_.data() + places_[at] + 1; }
  EntryType type(size_t at) const { return static_cast<EntryType>(text_[places_[at]]); }
  // Bytes of all names, including their terminating zeros.
  size_t bytes() const { return text_.size() - places_.size(); }

 private:
  std::vector<char> text_;  // per entry: type, name, zero
  std::vector<uint32_t> places_;
};

}  // namespace caio
