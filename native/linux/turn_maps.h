// Files mapped for residency checks, each for one turn of the loop, which may read a file many
// times. Not longer: a mapping keeps the file system from being unmounted, and unmapping a deleted
// file frees its space on the thread that unmaps. Loop thread only, except where stated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../request/request.h"
#include "file_facts.h"
#include "residency.h"
#include "../support/mutex.h"

namespace caio {

class TurnMaps {
 public:
  // Whether EndTurn has to be called.
  bool Any() const { return !maps_.empty(); }

  // Maps the file of a read, or finds it mapped, and gives the request its pages. False if they
  // cannot be checked.
  bool Map(Request& request, FileFacts& facts);

  // Drops the maps of a descriptor that is about to be closed, and forgets them in `files`. The
  // descriptor is still open, so that no map is the last to hold the file.
  void Unmap(int fd, FileFactsTable& files);

  // Ends the turn. True if a pool thread has to call GiveUp: if the program has closed the
  // descriptor, or another thread does so meanwhile, unmapping a file without a name deletes it.
  bool EndTurn();

  // Pool thread. Unmaps the orphans.
  void GiveUp();

 private:
  struct Mapped {
    int fd;
    Identity file;
    FileMap map;
  };
  std::vector<Mapped> maps_;
  uint64_t turn_ = 1;

  // Maps of files that may have no open descriptor any more, or soon.
  std::vector<FileMap> orphans_;  // under mutex_
  Mutex mutex_;
};

}  // namespace caio
