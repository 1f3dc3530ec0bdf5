#include "extended_attributes.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include <memory>
#include <new>

namespace caio {

namespace {

// The kernel's limits of a list of names and of one value.
constexpr size_t kMost = 65536;

// Whether a file has the attribute already, such as an SELinux label that every new file in a
// directory gets.
bool Has(int file, const char* name, const char* value, size_t size, char* memory) {
  return fgetxattr(file, name, memory, kMost) == static_cast<ssize_t>(size) && memcmp(memory, value, size) == 0;
}

}  // namespace

int64_t CopyAttributes(int from, int to) {
  const std::unique_ptr<char[]> memory(new (std::nothrow) char[3 * kMost]);
  if (!memory) return -ENOMEM;
  char* names = memory.get();
  char* value = names + kMost;
  const ssize_t length = flistxattr(from, names, kMost);
  if (length < 0) return errno == ENOTSUP ? 0 : -errno;
  int64_t left = 0;
  for (const char* name = names; name < names + length; name += strlen(name) + 1) {
    const ssize_t size = fgetxattr(from, name, value, kMost);
    // Removed since the list was read.
    if (size < 0 && errno == ENODATA) continue;
    const auto bytes = static_cast<size_t>(size);
    const bool kept =
        size >= 0 && (Has(to, name, value, bytes, value + kMost) || fsetxattr(to, name, value, bytes, 0) == 0);
    if (!kept) left++;
  }
  return left;
}

}  // namespace caio
