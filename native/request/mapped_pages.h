// Pages of a file that are mapped without any access.
#pragma once

#include <cstddef>

namespace caio {

struct MappedPages {
  void* start;
  size_t count;  // that the file has; one more is mapped
};

}  // namespace caio
