#include "residency.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include <algorithm>

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

namespace caio {

namespace {

// STATX_ATTR_… in <linux/stat.h>
constexpr uint64_t kCompressed = 0x4, kNoDump = 0x40, kEncrypted = 0x800, kVerity = 0x100000;

// Not kept in a static variable: its guard needs libstdc++, which a prebuild does not have.
uint64_t PageSize() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

// Larger files are not mapped: the effort would seldom lead to a yes.
constexpr uint64_t kLargestMap = 1ull << 40;

// Pages that kMostLookedAt bytes can touch, with a partial page at both ends.
constexpr size_t kMostPages = kMostLookedAt / 4096 + 1;

// Asks mincore(2) about `count` pages from `first` on: 0 or a negative errno.
int TellResident(const MappedPages& pages, size_t first, size_t count, unsigned char* resident) {
  char* start = static_cast<char*>(pages.start) + first * PageSize();
  if (mincore(start, count * PageSize(), resident) == 0) return 0;
  // ENOMEM, EAGAIN: no longer mapped, or the kernel is short of memory. Else a seccomp filter.
  return errno == ENOMEM || errno == EAGAIN ? -EAGAIN : -EOPNOTSUPP;
}

bool IsThere(unsigned char page) { return (page & 1) != 0; }

}  // namespace

size_t FileMap::PagesFor(uint64_t size) { return static_cast<size_t>((size + PageSize() - 1) / PageSize()); }

FileMap::FileMap(int fd, uint64_t size) {
  if (size == 0 || size > kLargestMap) return;
  const size_t count = PagesFor(size);
  void* start = mmap(nullptr, (count + 1) * PageSize(), PROT_NONE, MAP_SHARED, fd, 0);
  if (start != MAP_FAILED) pages_ = {start, count};
}

FileMap::~FileMap() {
  if (pages_.start) munmap(pages_.start, (pages_.count + 1) * PageSize());
}

FileMap& FileMap::operator=(FileMap&& other) noexcept {
  std::swap(pages_, other.pages_);
  return *this;
}

bool FileMap::IsTold() const {
  unsigned char beyond;
  return pages_.start && TellResident(pages_, pages_.count, 1, &beyond) == 0 && !IsThere(beyond);
}

int LookInMap(const MappedPages& pages, uint64_t offset, size_t length) {
  if (!pages.start) return -EAGAIN;
  const auto first = static_cast<size_t>(std::min<uint64_t>(offset / PageSize(), pages.count));
  const size_t count = std::min(FileMap::PagesFor(offset + length), pages.count) - first;
  if (count == 0) return 0;
  if (count > kMostPages) return -EAGAIN;
  unsigned char resident[kMostPages];
  const int error = TellResident(pages, first, count, resident);
  if (error != 0) return error;
  return std::all_of(resident, resident + count, IsThere) ? 0 : -EAGAIN;
}

int LookForSwapped(int fd, uint64_t offset, size_t length) {
  // cachestat(2), Linux 6.5.
  struct {
    uint64_t offset, length;
  } range{offset, length};
  struct {
    uint64_t cached, dirty, written_back, evicted, lately_evicted;
  } pages{};
  if (length == 0) return 0;
  if (syscall(SYS_cachestat, fd, &range, &pages, 0) != 0) return -EOPNOTSUPP;
  return pages.evicted == 0 ? 0 : -EAGAIN;
}

bool HasSwap() {
  struct sysinfo machine;
  return sysinfo(&machine) != 0 || machine.totalswap > 0;
}

Layer LayerOf(const struct statx& file) {
  const uint64_t known = file.stx_attributes_mask;
  if ((known & kNoDump) == 0) return Layer::kForeign;
  // gfs2 supports the attributes of ext4 before 5.5, but not verity; orangefs those of xfs, but no
  // time of birth.
  if ((known & kEncrypted) != 0) return (known & kVerity) != 0 ? Layer::kPlain : Layer::kForeign;
  if ((known & kCompressed) != 0) return Layer::kPlain;
  return (file.stx_mask & STATX_BTIME) != 0 ? Layer::kLocking : Layer::kForeign;
}

}  // namespace caio
