#include "file_system_of.h"

#include <cstring>
#include <new>

namespace caio {

Whereabouts WhereaboutsOf(const Request& request) {
  Whereabouts where;
  if (!HasPath(request.opcode)) {
    where.fd = request.fd;
    return where;
  }
  if (!request.path) return where;
  const size_t size = strlen(request.path.get()) + 1;
  where.path.reset(new (std::nothrow) char[size]);
  if (where.path) memcpy(where.path.get(), request.path.get(), size);
  return where;
}

}  // namespace caio
