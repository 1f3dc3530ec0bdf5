// For tests that hold a thread at one of the places marked by native/support/step.h, and count threads.
#pragma once

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../../native/support/mutex_lock.h"

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
    pthread_cond_broadcast(&changed_);
    while (!released_) pthread_cond_wait(&changed_, &mutex_);
  }
  // False if no thread has come within the seconds.
  bool AwaitHeld(int seconds) {
    caio::MutexLock lock(mutex_);
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    while (!held_) {
      if (pthread_cond_timedwait(&changed_, &mutex_, &until) != 0) return held_;
    }
    return true;
  }
  void Release() {
    caio::MutexLock lock(mutex_);
    released_ = true;
    place_ = nullptr;
    pthread_cond_broadcast(&changed_);
  }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
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
