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

// Of a path that is not there, or not cached, the file system of the nearest directory that is. Of two, the one that may not answer: that
// which is on no disk.
FileSystem FileSystemOf(const Whereabouts& where);

}  // namespace caio
