// A file's attributes, as JavaScript takes them.
#pragma once

#include <sys/stat.h>

namespace caio {

// Of a path, following a link that it ends in or not. Writes the numbers of stats_field to `out`. 0, or a negative errno.
int ReadStats(const char* path, bool follow, double* out);

// Likewise, of an open file.
int ReadStatsOf(int fd, double* out);

#ifdef STATX_BASIC_STATS
// Likewise, of what statx(2) has said.
void WriteStats(const struct statx& file, double* out);
#endif

}  // namespace caio
