// For tests that hold a thread at one of the places marked by native/support/step.h, and count threads.
#pragma once

#include <dirent.h>
#include <string.h>

#include "../../native/support/mutex.h"

// Holds the first thread that reaches the place.
class Holder {
 public:
  void Arm(const char* place) {
    caio::MutexLock lock(mutex_);
    place_ = place;
    held_ = released_ = false;
  }
  void Come(const char* place) {
    caio::MutexLock lock(mutex_);
    if (!place_ || held_ || strcmp(place, place_) != 0) return;
    held_ = true;
    changed_.Broadcast();
    while (!released_) changed_.Wait(mutex_);
  }
  // False if no thread has come within the seconds.
  bool AwaitHeld(int seconds) {
    caio::MutexLock lock(mutex_);
    constexpr int kTenthsASecond = 10;
    for (int left = seconds * kTenthsASecond; !held_ && left > 0; left--) {
      changed_.WaitFor(mutex_, 1000000000L / kTenthsASecond);
    }
    return held_;
  }
  void Release() {
    caio::MutexLock lock(mutex_);
    released_ = true;
    place_ = nullptr;
    changed_.Broadcast();
  }

 private:
  caio::Mutex mutex_;
  caio::Condition changed_;
  const char* place_ = nullptr;
  bool held_ = false;
  bool released_ = false;
};

// Number of threads of this process, including a sanitizer's.
inline int Threads() {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}
