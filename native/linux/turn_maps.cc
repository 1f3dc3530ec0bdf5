#include "turn_maps.h"

#include <algorithm>
#include <utility>

#include "../support/mutex.h"

namespace caio {

namespace {

// Most files mapped at a time.
constexpr size_t kMost = 64;

}  // namespace

bool TurnMaps::Map(Request& request, FileFacts& facts) {
  const bool mapped = facts.mapped_in == turn_;
  const size_t count = facts.pages.count;
  // The file may have grown past its known size.
  const bool reaches = request.transfer.moves || static_cast<uint64_t>(request.offset) + request.length > facts.size;
  if ((!mapped || reaches) && !FileFactsTable::LookAgain(request.fd, facts)) return false;
  if (!mapped || (reaches && count != FileMap::PagesFor(facts.size))) {
    if (maps_.size() >= kMost) return false;
    FileMap map(request.fd, facts.size);
    if (!map.IsTold()) {
      const uint64_t size = facts.size;
      // A file that has grown at this moment is not refused for that.
      const bool same = FileFactsTable::LookAgain(request.fd, facts) && facts.size == size && size > 0;
      if (same) facts.reads = Learn(facts.reads, NowaitAnswer::kRefused);
      return false;
    }
    facts.pages = map.pages();
    facts.mapped_in = turn_;
    maps_.push_back({request.fd, facts.identity, std::move(map)});
  }
  request.transfer.pages = facts.pages;
  return true;
}

void TurnMaps::Unmap(int fd, FileFactsTable& files) {
  const auto is_of = [fd](const Mapped& each) { return each.fd == fd; };
  const auto rest = std::remove_if(maps_.begin(), maps_.end(), is_of);
  if (rest == maps_.end()) return;
  maps_.erase(rest, maps_.end());
  files.ForgetMap(fd);
}

bool TurnMaps::EndTurn() {
  turn_++;
  bool orphaned = false;
  for (Mapped& each : maps_) {
    // Another thread may close the descriptor after this look: that deletes only what has no name.
    if (StandsForNamed(each.fd, each.file)) continue;
    MutexLock lock(mutex_);
    orphans_.push_back(std::move(each.map));
    orphaned = true;
  }
  maps_.clear();
  return orphaned;
}

void TurnMaps::GiveUp() {
  std::vector<FileMap> orphans;
  MutexLock lock(mutex_);
  orphans.swap(orphans_);
}

}  // namespace caio
