// Pages of a file that are mapped without any access.
#pragma once

#include <cstddef>

namespace caio {

struct MappedPages {
  void* start = nullptr;
  size_t count = 0;  // that the file has; one more is mapped
};

}  // namespace caio
