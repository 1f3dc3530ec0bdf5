#include "directory.h"

#include <dirent.h>
#include <errno.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace caio {
namespace {

// uv_dirent_type_t.
char TypeOf(const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG: return 1;
    case DT_DIR: return 2;
    case DT_LNK: return 3;
    case DT_FIFO: return 4;
    case DT_SOCK: return 5;
    case DT_CHR: return 6;
    case DT_BLK: return 7;
    default: return 0;
  }
}

// What is gathered: names, each behind its type, from the front; where they are, from the back.
class Entries {
 public:
  Entries(char* memory, size_t capacity)
      : memory_(memory), places_(reinterpret_cast<uint32_t*>(memory + capacity / kPlace * kPlace)) {}

  bool Add(const dirent& entry) {
    const size_t size = strlen(entry.d_name) + 2;
    char* const place = reinterpret_cast<char*>(places_ - count_ - 1);
    if (used_ + size > static_cast<size_t>(std::max<ptrdiff_t>(place - memory_, 0))) return false;
    count_++;
    places_[-static_cast<ptrdiff_t>(count_)] = static_cast<uint32_t>(used_);
    memory_[used_] = TypeOf(entry);
    memcpy(memory_ + used_ + 1, entry.d_name, size - 1);
    used_ += size;
    return true;
  }

  // As libuv sorts them.
  void Sort() {
    std::sort(places_ - count_, places_, [this](uint32_t a, uint32_t b) { return strcmp(Name(a), Name(b)) < 0; });
  }

  // -EOVERFLOW where there is no room for it.
  int64_t Write(char* reply, size_t capacity) const {
    const size_t names = used_ - count_;
    if (sizeof(uint32_t) + used_ > capacity) return -EOVERFLOW;
    const auto header = static_cast<uint32_t>(names);
    memcpy(reply, &header, sizeof header);
    char* name = reply + sizeof header;
    char* type = name + names;
    for (const uint32_t* place = places_ - count_; place < places_; place++) {
      const size_t size = strlen(Name(*place)) + 1;
      memcpy(name, Name(*place), size);
      name += size;
      *type++ = memory_[*place];
    }
    return static_cast<int64_t>(count_);
  }

 private:
  static constexpr size_t kPlace = sizeof(uint32_t);

  const char* Name(uint32_t place) const { return memory_ + place + 1; }

  char* memory_;
  uint32_t* places_;
  size_t used_ = 0;
  size_t count_ = 0;
};

struct Closing {
  void operator()(DIR* directory) const { closedir(directory); }
};

bool IsSelfOrParent(const char* name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

}  // namespace

int64_t ReadDirectory(const char* path, char* reply, size_t capacity) {
  const std::unique_ptr<DIR, Closing> directory(opendir(path));
  if (!directory) return -errno;
  // A name takes at least six bytes here, and three in the reply.
  const size_t room = 2 * capacity;
  const std::unique_ptr<uint32_t[]> memory(new (std::nothrow) uint32_t[room / sizeof(uint32_t)]);
  if (!memory) return -EOVERFLOW;
  Entries entries(reinterpret_cast<char*>(memory.get()), room);
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (!entry && errno != 0) return -errno;
    if (!entry) break;
    if (!IsSelfOrParent(entry->d_name) && !entries.Add(*entry)) return -EOVERFLOW;
  }
  entries.Sort();
  return entries.Write(reply, capacity);
}

}  // namespace caio
