// Reads a file's attributes, as JavaScript takes them.
#pragma once

#include <sys/stat.h>

namespace caio {

// A path, with or without following a final link; or, if `path` is null, an open file.
struct StatsOf {
  const char* path;
  bool follow;
  int fd;
};

// Writes the numbers of stats_field to `out`. 0, or a negative errno.
int ReadStats(const StatsOf& of, double* out);

#ifdef STATX_BASIC_STATS
// The same, from a result of statx(2).
void WriteStats(const struct statx& file, double* out);
#endif

}  // namespace caio
