// Which file system a request goes to, by means that do not ask it.
#pragma once

#include <cstdint>

#include "../request/request.h"

namespace caio {

// Its number, or kNoFileSystem where that cannot be told.
using FileSystem = uint64_t;
constexpr FileSystem kNoFileSystem = 0;

// What there is to know of a request without holding on to it.
struct Whereabouts {
  int fd = -1;
  std::unique_ptr<char[]> path;
  std::unique_ptr<char[]> other_path;
};

Whereabouts WhereaboutsOf(const Request& request);

// If a path does not exist or is not cached: the file system of the nearest directory above it that is. If a request has two paths: the
// file system that may not answer, which is the one on no disk.
FileSystem FileSystemOf(const Whereabouts& where);

}  // namespace caio
