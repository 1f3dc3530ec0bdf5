// Starts a thread with a small stack that takes no signals: those are for the program's own
// threads.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <cstddef>

namespace caio {

inline bool StartThread(pthread_t* thread, void* (*main)(void*), void* argument) {
  constexpr size_t kStackSize = 256 * 1024;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackSize);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(thread, &attributes, main, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

}  // namespace caio
