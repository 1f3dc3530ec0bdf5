// Finds the file system of a request without asking that file system.
#pragma once

#include <cstdint>

#include "../request/request.h"

namespace caio {

// Device number, or kNoFileSystem if unknown.
using FileSystem = uint64_t;
constexpr FileSystem kNoFileSystem = 0;

// A request's descriptor or paths, copied, so that the request need not be kept.
struct Whereabouts {
  int fd = -1;
  std::unique_ptr<char[]> path;
  std::unique_ptr<char[]> other_path;
};

Whereabouts WhereaboutsOf(const Request& request);

// For a path that does not exist or is not cached: the file system of its nearest cached ancestor.
// For two paths: the file system that may not answer, which is the one on no disk.
FileSystem FileSystemOf(const Whereabouts& where);

}  // namespace caio
