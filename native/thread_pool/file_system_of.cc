#include "file_system_of.h"

#include <cstring>
#include <new>

namespace caio {

namespace {

std::unique_ptr<char[]> CopyOf(const char* path) {
  const size_t size = strlen(path) + 1;
  std::unique_ptr<char[]> copy(new (std::nothrow) char[size]);
  if (copy) memcpy(copy.get(), path, size);
  return copy;
}

}  // namespace

Whereabouts WhereaboutsOf(const Request& request) {
  Whereabouts where;
  if (!HasPath(request.opcode)) {
    where.fd = request.fd;
    return where;
  }
  if (!request.path) return where;
  // A link's target is only text.
  if (request.opcode == Opcode::kSymlink) {
    where.path = CopyOf(request.other_path);
  } else {
    where.path = CopyOf(request.path.get());
    if (request.other_path) where.other_path = CopyOf(request.other_path);
  }
  return where;
}

}  // namespace caio
