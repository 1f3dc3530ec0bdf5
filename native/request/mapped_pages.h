// Pages of a file, mapped without access.
#pragma once

#include <cstddef>

namespace caio {

struct MappedPages {
  void* start;
  size_t count;  // pages of the file; one more is mapped
};

}  // namespace caio
