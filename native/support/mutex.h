// std::mutex and std::thread report failure by exception; the addon is built without exceptions, so it uses pthreads, and these.
#pragma once

#include <pthread.h>
#include <time.h>

#include "pause.h"

namespace caio {

// Never destroyed, which no system here needs: one that is static is locked until the process ends.
class Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() { pthread_mutex_lock(&mutex_); }
  // Sleeps only if the mutex stays locked for some microseconds: for a thread that has stayed awake
  // to be quick.
  void LockAwake() {
    for (int i = 0; i < 64; i++) {
      if (pthread_mutex_trylock(&mutex_) == 0) return;
      Pause();
    }
    Lock();
  }
  void Unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Each call but Signal and Broadcast with the mutex locked.
class Condition {
 public:
  Condition() {
#ifdef __APPLE__
    pthread_cond_init(&condition_, nullptr);
#else
    // WaitFor goes by a clock that nobody sets.
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
  }
  ~Condition() { pthread_cond_destroy(&condition_); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void Signal() { pthread_cond_signal(&condition_); }
  void Broadcast() { pthread_cond_broadcast(&condition_); }
  void Wait(Mutex& mutex) { pthread_cond_wait(&condition_, &mutex.mutex_); }

  // Waits until the condition is signalled, or for `nanoseconds`: less than a second. False if that time is over.
  bool WaitFor(Mutex& mutex, long nanoseconds) {
    timespec until{0, nanoseconds};
#ifdef __APPLE__
    return pthread_cond_timedwait_relative_np(&condition_, &mutex.mutex_, &until) == 0;
#else
    constexpr long kSecond = 1000000000;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += nanoseconds;
    if (until.tv_nsec >= kSecond) {
      until.tv_nsec -= kSecond;
      until.tv_sec++;
    }
    return pthread_cond_timedwait(&condition_, &mutex.mutex_, &until) == 0;
#endif
  }

 private:
  pthread_cond_t condition_;
};

}  // namespace caio
