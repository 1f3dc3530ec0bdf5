#include "end_of_process.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "mutex.h"

namespace caio {

namespace {

struct Entry {
  Finisher finish;
  void* data;
  pthread_t thread;
  pid_t process;
};

// One list for all environments, since the process ends once. Never deleted: exit() would destroy a
// static one.
Mutex mutex;
std::vector<Entry>* entries = nullptr;

bool TakeOne(Entry& taken) {
  MutexLock lock(mutex);
  // A worker's entry ends with its thread. A forked child does not have the threads to wait for.
  const auto found = std::find_if(entries->begin(), entries->end(), [](const Entry& entry) {
    return pthread_equal(entry.thread, pthread_self()) && entry.process == getpid();
  });
  if (found == entries->end()) return false;
  taken = *found;
  entries->erase(found);
  return true;
}

void AtExit() {
  Entry entry;
  while (TakeOne(entry)) entry.finish(entry.data);
}

}  // namespace

void FinishAtExit(Finisher finish, void* data) {
  MutexLock lock(mutex);
  if (!entries) {
    entries = new std::vector<Entry>;
    atexit(AtExit);
  }
  entries->push_back({finish, data, pthread_self(), getpid()});
}

void ForgetAtExit(void* data) {
  MutexLock lock(mutex);
  entries->erase(
      std::remove_if(entries->begin(), entries->end(), [=](const Entry& entry) { return entry.data == data; }),
      entries->end());
}

}  // namespace caio
