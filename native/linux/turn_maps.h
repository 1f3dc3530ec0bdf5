// Files that are mapped to be looked at, each for one turn of the loop, which may read a file many times. Not longer: while a mapping
// exists, the file system cannot be unmounted; and if the file is deleted, the thread that unmaps it has to free its space. Loop thread
// only, except where it says otherwise.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "file_facts.h"
#include "residency.h"

namespace caio {

class TurnMaps {
 public:
  TurnMaps() { pthread_mutex_init(&mutex_, nullptr); }
  ~TurnMaps() { pthread_mutex_destroy(&mutex_); }

  // Whether a turn has to be ended.
  bool Any() const { return !maps_.empty(); }

  // Maps the file of a read, or finds it mapped, and tells the request. False if it cannot be looked at so.
  bool Map(Request& request, FileFacts& facts);

  // Drops the maps of a descriptor that is about to be closed, and forgets them in `files`. It is still open, so that no map is the last
  // to hold the file.
  void Unmap(int fd, FileFactsTable& files);

  // The turn has ended. True if a pool thread is to call GiveUp: of a file whose descriptor the program has closed itself, to unmap it
  // may be to delete it.
  bool EndTurn();

  // Pool thread.
  void GiveUp();

 private:
  struct Mapped {
    int fd;
    Identity file;
    FileMap map;
  };
  std::vector<Mapped> maps_;
  uint64_t turn_ = 1;

  // Maps of files that may be open nowhere any more.
  std::vector<FileMap> orphans_;  // under mutex_
  pthread_mutex_t mutex_;
};

}  // namespace caio
