#include "cached_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>

#include "../operations/path/stats.h"
#include "../request/operations.h"
#include "../request/protocol.h"
#include "../support/descriptor.h"
#include "../support/is_fresh.h"
#include "../support/look.h"
#include "../support/nanoseconds.h"
#include "../support/open_cached.h"
#include "residency.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

namespace caio {
namespace {

constexpr unsigned kStats = STATX_BASIC_STATS | STATX_BTIME;

// Reads the attributes in `mask` and the file's mount.
bool LookAt(int fd, unsigned mask, struct statx& file) { return Look(fd, mask | MountMask(), file); }

int64_t Stats(const struct statx& file, void* reply, size_t capacity) {
  if (capacity < stats_field::kCount * sizeof(double)) return -EAGAIN;
  WriteStats(file, static_cast<double*>(reply));
  return 0;
}

// Whether the error is about the path itself: a lookup that waits would fail with it, too. Other
// errors are about this process's resources, such as its number of open files. mkdir(2) looks at the
// name only, even with a slash behind it.
bool IsAnswer(int error, Opcode opcode) {
  if (opcode == Opcode::kMkdir) return false;
  switch (-error) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ELOOP:
    case ENAMETOOLONG: return true;
    default: return false;
  }
}

// access(2) checks the rights of the real user, the cached lookup those of the effective user.
bool IsOneUser() { return getuid() == geteuid() && getgid() == getegid(); }

// Whether the effective capabilities are those that access(2) uses: the permitted ones for root,
// none for other users.
bool HasUsualRights() {
  constexpr uint32_t kVersion3 = 0x20080522;
  struct {
    uint32_t version;
    int pid;
  } header{kVersion3, 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } rights[2];
  if (syscall(SYS_capget, &header, rights) != 0) return false;
  for (const auto& each : rights) {
    if (each.effective != (getuid() == 0 ? each.permitted : 0)) return false;
  }
  return true;
}

// Whether cached lookups work here. A seccomp filter may refuse openat2 with an error that a path
// can have, too.
bool LooksUpCached() { return Descriptor(OpenCached("/", O_PATH)).valid(); }

// Whether operations on this file can be done without waiting.
bool IsInline(const Findings& found, const struct statx& file) {
  if (found.manner != Manner::kInline) return false;
  return found.check != PageCheck::kLayered || LayerOf(file) != Layer::kForeign;
}

int64_t Access(int fd, unsigned mode, const struct statx& file, PageCheck check) {
  if (mode == F_OK) return 0;
  // For a user who is not the owner, the kernel may have to read an access control list from disk.
  // An overlay also checks its mounter's rights.
  if (file.stx_uid != getuid() || (check == PageCheck::kLayered && file.stx_uid != 0)) return -EAGAIN;
  if (syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH) == 0) return 0;
  return errno == EACCES || errno == EROFS ? -errno : -EAGAIN;
}

// Path of the /proc link to a descriptor's file.
struct LinkOf {
  explicit LinkOf(int fd) { snprintf(path, sizeof path, "/proc/self/fd/%d", fd); }
  char path[32];
};

bool AreSame(const struct statx& a, const struct statx& b) {
  return a.stx_ino == b.stx_ino && MountKeyOf(a) == MountKeyOf(b);
}

// The kernel's own name for a descriptor's file, if it leads to that file. Deleted files, and files
// out of reach or under another mount, have a name, too.
int64_t Name(int fd, const struct statx& file, char* name, size_t capacity) {
  const ssize_t length = readlink(LinkOf(fd).path, name, capacity);
  if (length <= 0 || static_cast<size_t>(length) >= capacity || name[0] != '/') return -EAGAIN;
  name[length] = '\0';
  const Descriptor again(OpenCached(name, O_PATH | O_NOFOLLOW));
  struct statx found;
  return again.valid() && LookAt(again.get(), STATX_TYPE | STATX_INO, found) && AreSame(file, found) ? length : -EAGAIN;
}

// Whether open(2) with these flags only reads. Any other flag may create or truncate a file, or
// asks for a directory.
bool OnlyReads(unsigned flags) { return (flags & ~static_cast<unsigned>(O_CLOEXEC)) == O_RDONLY; }

bool IsForReading(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY;
}

FileState HashOf(const struct statx& file) {
  FileState state = MountKeyOf(file);
  const uint64_t seconds = static_cast<uint64_t>(file.stx_ctime.tv_sec);
  for (const uint64_t part : {uint64_t{file.stx_ino}, seconds, uint64_t{file.stx_ctime.tv_nsec}}) {
    state = (state ^ part) * 0x9e3779b97f4a7c15u;
    state ^= state >> 32;
  }
  return state != 0 ? state : 1;
}

// Whether any change from now on gets another time than the file's last one. The kernel's clock for
// them ticks every few milliseconds, and some file systems keep whole seconds.
bool IsTimePast(const struct statx& file) {
  constexpr int64_t kTicks = 20 * 1000 * 1000;
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  const int64_t seconds = now.tv_sec - file.stx_ctime.tv_sec;
  if (seconds < 0 || seconds > 1) return seconds > 1;
  const int64_t nanoseconds = now.tv_nsec - static_cast<int64_t>(file.stx_ctime.tv_nsec);
  return file.stx_ctime.tv_nsec != 0 && seconds * 1000000000 + nanoseconds > kTicks;
}

// Until Linux 6.12, any close frees what xfs has reserved past the end of the file, unless somebody
// reads it.
bool IsXfs(int fd) {
  struct statfs found;
  return fstatfs(fd, &found) == 0 && found.f_type == XFS_SUPER_MAGIC;
}

}  // namespace

// Opens the file that was examined, by its O_PATH descriptor: its path may lead to another file by
// now, perhaps on a server. O_NONBLOCK, since another process may have a lease on it. No
// directories: a fanotify listener may watch directories only, and xfs reads a directory to open
// it.
int64_t CachedPaths::Open(int name, const struct statx& file) {
  if (!S_ISREG(file.stx_mode)) return -EAGAIN;
  const int fd = open(LinkOf(name).path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // The error may be about the link in /proc, not about the file.
  if (fd < 0) return -EAGAIN;
  // Makes fcntl(F_GETFL) report the flags that the caller asked for.
  fcntl(fd, F_SETFL, 0);
  return fd;
}

// Closing the last descriptor of a file without a name frees its space. Closing any descriptor also
// starts writeback if the file was truncated and written since the last close (ext4, xfs, btrfs): a
// minute later that has been written anyway, and whoever truncates it again changes its times.
int64_t CachedPaths::Close(int fd, const struct statx& file) {
  if (!IsForReading(fd) || file.stx_nlink == 0) return -EAGAIN;
  if (IsFresh(file) && !released_.Has(HashOf(file))) return -EAGAIN;
  // An interrupted close(2) has closed the descriptor.
  return close(fd) == 0 || errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

FileState CachedPaths::Release(int fd) {
  struct statx file;
  if (!IsForReading(fd) || !LookAt(fd, STATX_TYPE | STATX_INO | STATX_CTIME | STATX_NLINK, file)) return 0;
  if (!S_ISREG(file.stx_mode) || file.stx_nlink == 0 || !IsTimePast(file)) return 0;
  const FileState state = HashOf(file);
  // The loop closes those without this, if it tries.
  if (!IsFresh(file) || released_.Has(state)) return 0;
  if (!IsInline(known_.Of(MountKeyOf(file), Nanoseconds()), file) || IsXfs(fd)) return 0;
  // A file is released when its last duplicate is closed: this descriptor has none.
  Descriptor own(open(LinkOf(fd).path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return own.valid() && own.Close() == 0 ? state : 0;
}

void CachedPaths::HasClosed(FileState state) {
  if (state != 0) released_.Add(state);
}

CachedPaths::CachedPaths(KnownFileSystems& known)
    : known_(known), looks_up_(LooksUpCached()), has_usual_rights_(HasUsualRights()) {}

int64_t CachedPaths::AttemptOpen(const OpenAttempt& attempt, uint64_t now, MountKey* mount) {
  struct statx file;
  if (!LookAt(attempt.fd, kStats, file)) return -EAGAIN;
  *mount = MountKeyOf(file);
  if (!IsInline(known_.Of(*mount, now, Touch::kLooks), file)) return -EAGAIN;
  switch (attempt.opcode) {
    case Opcode::kFstat: return Stats(file, attempt.reply, attempt.capacity);
    case Opcode::kClose: return Close(attempt.fd, file);
    default: return -EAGAIN;
  }
}

int64_t CachedPaths::Attempt(const PathAttempt& attempt, uint64_t now, MountKey* mount) {
  if (!looks_up_ || (attempt.opcode == Opcode::kAccess && !(has_usual_rights_ && IsOneUser()))) return -EAGAIN;
  if (attempt.opcode == Opcode::kOpen && !OnlyReads(attempt.flags)) return -EAGAIN;
  const bool follow = attempt.opcode != Opcode::kLstat && attempt.opcode != Opcode::kMkdir;
  const Descriptor name(OpenCached(attempt.path, O_PATH | (follow ? 0 : O_NOFOLLOW)));
  if (!name.valid()) return IsAnswer(name.get(), attempt.opcode) ? name.get() : -EAGAIN;
  const bool all = attempt.opcode == Opcode::kStat || attempt.opcode == Opcode::kLstat;
  struct statx file;
  if (!LookAt(name.get(), all ? kStats : STATX_TYPE | STATX_UID | STATX_BTIME, file)) return -EAGAIN;
  *mount = MountKeyOf(file);
  const Touch touch = attempt.opcode == Opcode::kOpen ? Touch::kOpens : Touch::kLooks;
  const Findings found = known_.Of(*mount, now, touch);
  if (!IsInline(found, file)) return -EAGAIN;
  switch (attempt.opcode) {
    case Opcode::kStat:
    case Opcode::kLstat: return Stats(file, attempt.reply, attempt.capacity);
    case Opcode::kAccess: return Access(name.get(), attempt.mode, file, found.check);
    case Opcode::kRealpath: return Name(name.get(), file, static_cast<char*>(attempt.reply), attempt.capacity);
    case Opcode::kOpen: return Open(name.get(), file);
    // The kernel says so before it looks at rights.
    case Opcode::kMkdir: return -EEXIST;
    default: return -EAGAIN;
  }
}

bool CachedPaths::ExamineOne(const char* path, int flags, bool opened_quickly) {
  const Descriptor name(open(path, O_PATH | O_CLOEXEC | flags));
  struct statx file;
  if (!name.valid() || !LookAt(name.get(), STATX_TYPE, file)) return false;
  const MountKey mount = MountKeyOf(file);
  if (!known_.Begin(mount)) return true;
  Findings found = ExamineNames(name.get());
  if (found.manner == Manner::kNames && opened_quickly && S_ISREG(file.stx_mode)) found.manner = Manner::kInline;
  known_.Learn(mount, found, Nanoseconds());
  known_.End(mount);
  return true;
}

void CachedPaths::Examine(Opcode opcode, const char* path, bool quick) {
  const bool opened = opcode == Opcode::kOpen || opcode == Opcode::kReadFile;
  const bool follow = opcode != Opcode::kLstat && opcode != Opcode::kReadlink;
  if (ExamineOne(path, follow ? 0 : O_NOFOLLOW, opened && quick)) return;
  // The file is gone. Its directory is on the same file system.
  char directory[PATH_MAX];
  const char* slash = strrchr(path, '/');
  const size_t length = slash ? static_cast<size_t>(slash - path) + 1 : 0;
  if (length + 1 >= sizeof directory) return;
  memcpy(directory, path, length);
  strcpy(directory + length, ".");
  ExamineOne(directory, 0, false);
}

}  // namespace caio
