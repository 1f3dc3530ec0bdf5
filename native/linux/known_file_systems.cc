#include "known_file_systems.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

#include "../support/look.h"
#include "../support/mutex.h"
#include "../support/platform.h"
#include "residency.h"
#include "waits.h"

namespace caio {

namespace {

// STATX_MNT_ID (Linux 5.8) and STATX_MNT_ID_UNIQUE (6.8).
constexpr unsigned kMountId = 0x1000;
constexpr unsigned kUniqueMountId = 0x4000;

constexpr uint64_t kMillisecond = 1000000;
constexpr uint64_t kTrusted = 1000;  // milliseconds
constexpr unsigned kMostWaits = 6;   // doublings of a second

// Reads stx_mnt_id by its offset: older headers lack the field.
uint64_t MountIdOf(const struct statx& file) {
  uint64_t id;
  memcpy(&id, reinterpret_cast<const char*>(&file) + 0x90, sizeof id);
  return id;
}

// Local file systems that serve cached attributes, names and pages without waiting, each with the
// check of its pages.
Findings FindingsOf(uint32_t type) {
  switch (type) {
    case 0xEF53:      // ext4
    case 0x58465342:  // xfs
    case 0x9123683E:  // btrfs
    case 0xF2F52010:  // f2fs
    case 0xCA451A4E:  // bcachefs
      return {Manner::kNames, PageCheck::kNowait};
    case 0x794C7630:  // overlayfs
      return {Manner::kNames, PageCheck::kLayered};
    case 0x73717368:  // squashfs
    case 0xE0F5E1E2:  // erofs
      return {Manner::kNames, PageCheck::kMapped};
    case 0x01021994:  // tmpfs
      return {Manner::kNames, HasSwap() ? PageCheck::kSwapped : PageCheck::kNone};
    case 0x858458F6:  // ramfs
      return {Manner::kNames, PageCheck::kNone};
    default: return {Manner::kElsewhere};
  }
}

// Reads one byte if that waits for no disk and asks no server.
void ReadFirst(int fd) {
  char byte;
  iovec memory{&byte, 1};
  preadv2(fd, &memory, 1, 0, RWF_NOWAIT);
}

}  // namespace

unsigned MountMask() { return kMountId | kUniqueMountId; }

MountKey MountKeyOf(const struct statx& file) {
  const uint64_t device = makedev(file.stx_dev_major, file.stx_dev_minor);
  const uint64_t mount = (file.stx_mask & (kMountId | kUniqueMountId)) != 0 ? MountIdOf(file) : 0;
  // Two mounts collide only if all 64 bits agree.
  const uint64_t key = device * 0x9e3779b97f4a7c15u ^ (mount + 1) * 0xc2b2ae3d27d4eb4fu;
  return key != 0 ? key : 1;
}

KnownFileSystems::Entry* KnownFileSystems::Find(MountKey mount) {
  for (Entry& entry : entries_) {
    if (entry.mount.load(std::memory_order_acquire) == mount) return &entry;
  }
  return nullptr;
}

Findings KnownFileSystems::Of(MountKey mount, uint64_t now, Touch touch) {
  if (const Entry* entry = Find(mount)) {
    const uint64_t state = entry->state.load(std::memory_order_acquire);
    // The entry may have become another mount's in between.
    const bool same = entry->mount.load(std::memory_order_acquire) == mount;
    const auto manner = static_cast<Manner>(state & 0xf);
    const auto check = static_cast<PageCheck>(state >> 4 & 0xf);
    const bool valid = same && (state >> 16) > now / kMillisecond;
    if (valid && manner != Manner::kNames) return {manner, check};
    if (valid && touch == Touch::kLooks) return {Manner::kInline, check};
  }
  if (!IsWanted()) wanted_.store(true, std::memory_order_relaxed);
  return {Manner::kUnknown};
}

// With mutex_ held. The mount's entry, or the oldest one, taken over.
KnownFileSystems::Entry& KnownFileSystems::Place(MountKey mount) {
  if (Entry* known = Find(mount)) return *known;
  Entry& entry = entries_[next_++ % entries_.size()];
  entry.state.store(0, std::memory_order_release);
  entry.mount.store(mount, std::memory_order_release);
  return entry;
}

void KnownFileSystems::Keep(MountKey mount, Findings found, unsigned waits, uint64_t until) {
  const auto what = static_cast<uint64_t>(found.check) << 4 | static_cast<uint64_t>(found.manner);
  Place(mount).state.store(until << 16 | uint64_t{waits} << 8 | what, std::memory_order_release);
}

void KnownFileSystems::Learn(MountKey mount, Findings found, uint64_t now) {
  wanted_.store(false, std::memory_order_relaxed);
  if (found.manner == Manner::kWaits) return HasWaited(mount, now);
  MutexLock lock(mutex_);
  const uint64_t earlier = Place(mount).state.load(std::memory_order_relaxed);
  const unsigned waits = (earlier >> 8) & 0xff;
  const uint64_t milliseconds = now / kMillisecond;
  // A finding by an open, or a wait, says more than this look at names while it holds.
  if (found.manner == Manner::kNames && (earlier >> 16) > milliseconds) return;
  // If it is quick now, the listener may only know the file already: a wait stays on record for a
  // minute after it expires.
  const bool forgiven = milliseconds > (earlier >> 16) + 60 * kTrusted;
  Keep(mount, found, forgiven ? 0 : waits, milliseconds + kTrusted);
}

void KnownFileSystems::HasWaited(MountKey mount, uint64_t now) {
  MutexLock lock(mutex_);
  const unsigned earlier = (Place(mount).state.load(std::memory_order_relaxed) >> 8) & 0xff;
  const unsigned waits = std::min(earlier + 1, kMostWaits);
  Keep(mount, {Manner::kWaits}, waits, now / kMillisecond + (kTrusted << (waits - 1)));
}

bool KnownFileSystems::Begin(MountKey mount) {
  MutexLock lock(mutex_);
  if (std::find(examined_.begin(), examined_.end(), mount) != examined_.end()) return false;
  const auto place = std::find(examined_.begin(), examined_.end(), MountKey{0});
  if (place == examined_.end()) return false;
  *place = mount;
  return true;
}

void KnownFileSystems::End(MountKey mount) {
  MutexLock lock(mutex_);
  *std::find(examined_.begin(), examined_.end(), mount) = 0;
}

Findings ExamineNames(int fd) { return FindingsOf(FileSystemType(fd)); }

Findings ExamineManner(int fd) {
  const Findings names = ExamineNames(fd);
  if (names.manner == Manner::kElsewhere) return names;
  const uint64_t before = VoluntarySwitches();
  // The first byte has just been read and needs no disk: a wait is for a fanotify listener.
  ReadFirst(fd);
  return {VoluntarySwitches() == before ? Manner::kInline : Manner::kWaits, names.check};
}

bool ReadUnnoticed(int fd) {
  struct statx file;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || !Look(fd, STATX_TYPE, file) || !S_ISREG(file.stx_mode))
    return false;
  // Fails on another user's file: that is not read, since its time of last access would change.
  if (fcntl(fd, F_SETFL, flags | O_NOATIME) != 0) return true;
  ReadFirst(fd);
  fcntl(fd, F_SETFL, flags);
  return true;
}

}  // namespace caio
