#include "directory.h"

#include <errno.h>

#include <cstring>

#include "../tree/listing.h"

namespace caio {

int64_t ReadDirectory(const char* path, Order order, char* reply, size_t capacity) {
  Listing entries;
  const int64_t error = entries.Read(path);
  if (error < 0) return error;
  const size_t names = entries.bytes();
  if (sizeof(uint32_t) + names + entries.count() > capacity) return -EOVERFLOW;
  if (order == Order::kOfBytes) entries.Sort();
  const auto header = static_cast<uint32_t>(names);
  memcpy(reply, &header, sizeof header);
  char* name = reply + sizeof header;
  char* type = name + names;
  for (size_t at = 0; at < entries.count(); at++) {
    const size_t size = strlen(entries.name(at)) + 1;
    memcpy(name, entries.name(at), size);
    name += size;
    *type++ = static_cast<char>(entries.type(at));
  }
  return static_cast<int64_t>(entries.count());
}

}  // namespace caio
