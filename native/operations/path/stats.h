// A file's attributes, as JavaScript takes them.
#pragma once

#include <sys/stat.h>

namespace caio {

// A path, following a link that it ends in or not; or, without one, an open file.
struct StatsOf {
  const char* path;
  bool follow;
  int fd;
};

// Writes the numbers of stats_field to `out`. 0, or a negative errno.
int ReadStats(const StatsOf& of, double* out);

#ifdef STATX_BASIC_STATS
// Likewise, of what statx(2) has said.
void WriteStats(const struct statx& file, double* out);
#endif

}  // namespace caio
