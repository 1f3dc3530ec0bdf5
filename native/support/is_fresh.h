// Whether a file has been changed in the last minute.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <cstdint>

namespace caio {

#ifdef STATX_TYPE
// `file` has to come from a call that asked for STATX_CTIME. Ask for it of no file that is about to
// be written: since Linux 6.13 the next write then notes its exact time, in the inode, which a sync
// has to write, too.
inline bool IsFresh(const struct statx& file) {
  constexpr int64_t kMinute = 60;
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return file.stx_ctime.tv_sec + kMinute > now.tv_sec;
}
#endif

}  // namespace caio
