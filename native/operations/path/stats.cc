#include "stats.h"

#include <errno.h>
#include <fcntl.h>

#include "../../request/protocol.h"
#include "../../support/look.h"
#include "../../support/platform.h"
#ifdef STATX_BASIC_STATS
#include <sys/sysmacros.h>
#endif

namespace caio {

using namespace stats_field;

namespace {

template <typename Time>
void WriteTime(const Time& time, double* out) {
  out[0] = static_cast<double>(time.tv_sec);
  out[1] = static_cast<double>(time.tv_nsec);
}

// Only macOS's stat(2) has a time of birth; elsewhere libuv gives the time of the last change
// instead.
void WriteStats(const struct stat& file, double* out) {
  out[kDev] = static_cast<double>(file.st_dev);
  out[kMode] = static_cast<double>(file.st_mode);
  out[kNlink] = static_cast<double>(file.st_nlink);
  out[kUid] = static_cast<double>(file.st_uid);
  out[kGid] = static_cast<double>(file.st_gid);
  out[kRdev] = static_cast<double>(file.st_rdev);
  out[kBlksize] = static_cast<double>(file.st_blksize);
  out[kIno] = static_cast<double>(file.st_ino);
  out[kSize] = static_cast<double>(file.st_size);
  out[kBlocks] = static_cast<double>(file.st_blocks);
  WriteTime(CAIO_TIME(file, a), out + kAtimeSeconds);
  WriteTime(CAIO_TIME(file, m), out + kMtimeSeconds);
  WriteTime(CAIO_TIME(file, c), out + kCtimeSeconds);
#ifdef __APPLE__
  WriteTime(CAIO_TIME(file, birth), out + kBirthtimeSeconds);
#else
  WriteTime(CAIO_TIME(file, c), out + kBirthtimeSeconds);
#endif
}

}  // namespace

#ifdef STATX_BASIC_STATS
void WriteStats(const struct statx& file, double* out) {
  out[kDev] = static_cast<double>(makedev(file.stx_dev_major, file.stx_dev_minor));
  out[kMode] = file.stx_mode;
  out[kNlink] = file.stx_nlink;
  out[kUid] = file.stx_uid;
  out[kGid] = file.stx_gid;
  out[kRdev] = static_cast<double>(makedev(file.stx_rdev_major, file.stx_rdev_minor));
  out[kBlksize] = file.stx_blksize;
  out[kIno] = static_cast<double>(file.stx_ino);
  out[kSize] = static_cast<double>(file.stx_size);
  out[kBlocks] = static_cast<double>(file.stx_blocks);
  WriteTime(file.stx_atime, out + kAtimeSeconds);
  WriteTime(file.stx_mtime, out + kMtimeSeconds);
  WriteTime(file.stx_ctime, out + kCtimeSeconds);
  WriteTime(file.stx_btime, out + kBirthtimeSeconds);
}

namespace {

int Statx(const StatsOf& of, struct statx* file) {
  constexpr unsigned kAll = STATX_BASIC_STATS | STATX_BTIME;
  if (!of.path) return statx(of.fd, "", AT_EMPTY_PATH, kAll, file);
  return statx(AT_FDCWD, of.path, of.follow ? 0 : AT_SYMLINK_NOFOLLOW, kAll, file);
}

}  // namespace
#endif

int ReadStats(const StatsOf& of, double* out) {
#ifdef STATX_BASIC_STATS
  struct statx known;
  if (Statx(of, &known) == 0) {
    WriteStats(known, out);
    return 0;
  }
  if (!IsStatxRefused(errno)) return -errno;
#endif
  struct stat file;
  const int failed = !of.path ? fstat(of.fd, &file) : of.follow ? stat(of.path, &file) : lstat(of.path, &file);
  if (failed != 0) return -errno;
  WriteStats(file, out);
  return 0;
}

}  // namespace caio
