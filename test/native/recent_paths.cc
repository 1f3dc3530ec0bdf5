// Which paths are taken for recent, by a given clock.
#include "../../native/linux_aio/recent_paths.h"

#include <string>

#include "check.h"

int main() {
  using caio::RecentPaths;
  constexpr uint64_t kMillisecond = 1000000;
  const uint64_t start = uint64_t{1} << 40;

  RecentPaths paths;
  Check(!paths.Has("/a", start), "not before it is added");
  paths.Add("/a", start);
  Check(paths.Has("/a", start), "at once");
  Check(paths.Has("/a", start + 60 * kMillisecond), "a moment later");
  Check(!paths.Has("/a", start + 140 * kMillisecond), "not for long");
  for (const uint64_t later : {uint64_t{1} << 26 << 16, uint64_t{1} << 26 << 20, uint64_t{1} << 26 << 24}) {
    Check(!paths.Has("/a", start + later), "nor when a shorter count would have come round");
  }
  Check(!paths.Has("/b", start) && !paths.Has("/", start) && !paths.Has("", start), "no other");
  paths.Add("/a", start + 1000 * kMillisecond);
  Check(paths.Has("/a", start + 1000 * kMillisecond), "added again");

  paths.Add("a", start);
  Check(!paths.Has("a", start), "no relative path");

  // Many times as many as there is room for: those that are forgotten are looked at again, and none is mistaken for another.
  for (int i = 0; i < 100000; i++) paths.Add(("/directory/" + std::to_string(i)).c_str(), start);
  int kept = 0;
  for (int i = 0; i < 100000; i++) kept += paths.Has(("/directory/" + std::to_string(i)).c_str(), start);
  Check(kept > 3000 && kept <= 4096, "as many as there is room for");
  int mistaken = 0;
  for (int i = 0; i < 100000; i++) mistaken += paths.Has(("/other/" + std::to_string(i)).c_str(), start);
  Check(mistaken == 0, "none is mistaken");
  return failures;
}
