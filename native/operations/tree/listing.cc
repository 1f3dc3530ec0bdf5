#include "listing.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace caio {

namespace {

EntryType TypeOf(const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG: return EntryType::kFile;
    case DT_DIR: return EntryType::kDirectory;
    case DT_LNK: return EntryType::kLink;
    case DT_FIFO: return EntryType::kFifo;
    case DT_SOCK: return EntryType::kSocket;
    case DT_CHR: return EntryType::kCharacter;
    case DT_BLK: return EntryType::kBlock;
    default: return EntryType::kUnknown;
  }
}

bool IsSelfOrParent(const char* name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

}  // namespace

int64_t Listing::Read(DIR* directory) {
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory);
    if (!entry) return -errno;
    if (IsSelfOrParent(entry->d_name)) continue;
    places_.push_back(static_cast<uint32_t>(text_.size()));
    text_.push_back(static_cast<char>(TypeOf(*entry)));
    text_.insert(text_.end(), entry->d_name, entry->d_name + strlen(entry->d_name) + 1);
    if (text_.size() > UINT32_MAX / 2) return -EOVERFLOW;
  }
}

int64_t Listing::Read(const char* path) {
  for (;;) {
    const Directory directory(opendir(path));
    if (directory) return Read(directory.get());
    if (errno != EINTR) return -errno;
  }
}

void Listing::Sort() {
  const char* text = text_.data();
  std::sort(places_.begin(), places_.end(),
            [text](uint32_t a, uint32_t b) { return strcmp(text + a + 1, text + b + 1) < 0; });
}

}  // namespace caio
