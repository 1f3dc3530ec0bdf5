// std::mutex and std::thread report failure by exceptions. The addon has none, so it uses pthreads
// and this guard.
#pragma once

#include <pthread.h>
#include <time.h>

namespace caio {

class MutexLock {
 public:
  explicit MutexLock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~MutexLock() { pthread_mutex_unlock(&mutex_); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

// Initializes a condition for WaitFor, with a clock that is never set.
inline void InitTimedCondition(pthread_cond_t& condition) {
#ifdef __APPLE__
  pthread_cond_init(&condition, nullptr);
#else
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition, &attributes);
  pthread_condattr_destroy(&attributes);
#endif
}

// Waits until the condition is signalled, or for `nanoseconds`: less than a second.
inline void WaitFor(pthread_cond_t& condition, pthread_mutex_t& mutex, long nanoseconds) {
  timespec until{0, nanoseconds};
#ifdef __APPLE__
  pthread_cond_timedwait_relative_np(&condition, &mutex, &until);
#else
  constexpr long kSecond = 1000000000;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += nanoseconds;
  if (until.tv_nsec >= kSecond) {
    until.tv_nsec -= kSecond;
    until.tv_sec++;
  }
  pthread_cond_timedwait(&condition, &mutex, &until);
#endif
}

}  // namespace caio
