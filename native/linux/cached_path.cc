#include "cached_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

// What there is to know of a file, and its mount.
bool LookAt(int fd, unsigned mask, struct statx& file) { return Look(fd, mask | MountMask(), file); }

int64_t Stats(const struct statx& file, void* reply, size_t capacity) {
  if (capacity < stats_field::kCount * sizeof(double)) return -EAGAIN;
  WriteStats(file, static_cast<double*>(reply));
  return 0;
}

// Whether the error is about the path itself, so that a lookup that may wait would end with it, too. Other errors are about this process's
// resources, such as the number of open files.
bool IsAnswer(int error) {
  switch (-error) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ELOOP:
    case ENAMETOOLONG: return true;
    default: return false;
  }
}

// access(2) checks the rights of the real user; the lookup was done with those of the effective user.
bool IsOneUser() { return getuid() == geteuid() && getgid() == getegid(); }

// access(2) checks with the permitted capabilities for root, and with none for others: whether those are the effective ones, too.
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

// Whether cached lookups work here: a filter of system calls may refuse openat2 with an error that a path may have, too.
bool LooksUpCached() { return Descriptor(OpenCached("/", O_PATH)).valid(); }

// Whether requests for this file can be answered without waiting.
bool IsInline(const Findings& found, const struct statx& file) {
  if (found.manner != Manner::kInline) return false;
  return found.check != PageCheck::kLayered || LayerOf(file) != Layer::kForeign;
}

int64_t Access(int fd, unsigned mode, const struct statx& file, PageCheck check) {
  if (mode == F_OK) return 0;
  // For others than the owner, an access control list may have to be read from the disk. An overlay checks its mounter's rights, too.
  if (file.stx_uid != getuid() || (check == PageCheck::kLayered && file.stx_uid != 0)) return -EAGAIN;
  if (syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH) == 0) return 0;
  return errno == EACCES || errno == EROFS ? -errno : -EAGAIN;
}

// Leads to what a descriptor stands for.
struct LinkOf {
  explicit LinkOf(int fd) { snprintf(path, sizeof path, "/proc/self/fd/%d", fd); }
  char path[32];
};

bool AreSame(const struct statx& a, const struct statx& b) {
  return a.stx_ino == b.stx_ino && MountKeyOf(a) == MountKeyOf(b);
}

// The kernel's own name for a descriptor's file, if the name leads to that file: a deleted file, and one that is out of reach or under
// another mount, have a name, too.
int64_t Name(int fd, const struct statx& file, char* name, size_t capacity) {
  const ssize_t length = readlink(LinkOf(fd).path, name, capacity);
  if (length <= 0 || static_cast<size_t>(length) >= capacity || name[0] != '/') return -EAGAIN;
  name[length] = '\0';
  const Descriptor again(OpenCached(name, O_PATH | O_NOFOLLOW));
  struct statx found;
  return again.valid() && LookAt(again.get(), STATX_TYPE | STATX_INO, found) && AreSame(file, found) ? length : -EAGAIN;
}

// Only reads. Anything else may make a file, or empty one; what is to be a directory is no file.
bool OnlyReads(unsigned flags) { return (flags & ~static_cast<unsigned>(O_CLOEXEC)) == O_RDONLY; }

int64_t Close(int fd, const struct statx& file) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY) return -EAGAIN;
  // If a file has no name any more, closing its last descriptor frees all its space. And the close of any descriptor begins to write what
  // was put into the file since it was emptied (ext4, xfs, btrfs); after a minute, that has been written in any case.
  if (file.stx_nlink == 0 || IsFresh(file)) return -EAGAIN;
  // What is interrupted is closed all the same.
  return close(fd) == 0 || errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

}  // namespace

// Opens the very file that has been looked at: by now its path may lead to another, perhaps at a server. O_NONBLOCK, since another process
// may have a lease on it. No directories: a listener of fanotify's may listen to them alone, and xfs reads a directory to open it.
int64_t CachedPaths::Open(int name, const struct statx& file) {
  if (!S_ISREG(file.stx_mode)) return -EAGAIN;
  const int fd = open(LinkOf(name).path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // The error may be about the link in /proc, not about the file.
  if (fd < 0) return -EAGAIN;
  // So that fcntl(F_GETFL) reports the flags that the caller asked for.
  fcntl(fd, F_SETFL, 0);
  return fd;
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
  const Descriptor name(OpenCached(attempt.path, O_PATH | (attempt.opcode == Opcode::kLstat ? O_NOFOLLOW : 0)));
  if (!name.valid()) return IsAnswer(name.get()) ? name.get() : -EAGAIN;
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
    default: return -EAGAIN;
  }
}

// Opens only a file that the operation itself had opened: closing any descriptor of a file drops the process's locks on it, fcntl(2).
bool CachedPaths::ExamineOne(Opcode opcode, const char* path, int flags) {
  const Descriptor name(open(path, O_PATH | O_CLOEXEC | flags));
  struct statx file;
  if (!name.valid() || !LookAt(name.get(), STATX_TYPE, file)) return false;
  const bool opens = opcode == Opcode::kOpen || IsWholeFile(opcode);
  const Findings found = opens && S_ISREG(file.stx_mode) ? ExamineManner(name.get(), path, opcode == Opcode::kReadFile)
                                                         : ExamineNames(name.get());
  known_.Learn(MountKeyOf(file), found, Nanoseconds());
  return true;
}

void CachedPaths::Examine(Opcode opcode, const char* path) {
  const bool follow = opcode != Opcode::kLstat && opcode != Opcode::kReadlink;
  if (ExamineOne(opcode, path, follow ? 0 : O_NOFOLLOW)) return;
  // It is gone: its directory is on the same file system.
  char directory[PATH_MAX];
  const char* slash = strrchr(path, '/');
  const size_t length = slash ? static_cast<size_t>(slash - path) + 1 : 0;
  if (length + 1 >= sizeof directory) return;
  memcpy(directory, path, length);
  strcpy(directory + length, ".");
  ExamineOne(opcode, directory, 0);
}

}  // namespace caio
