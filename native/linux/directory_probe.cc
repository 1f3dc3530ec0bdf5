#include "directory_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <memory>

#include "../support/descriptor.h"
#include "../support/probe_file.h"
#include "../operations/direct_alignment.h"
#include "aio/kernel_context.h"
#include "../support/look.h"
#include "../support/open_cached.h"
#include "known_file_systems.h"
#include "residency.h"

namespace caio {

namespace {

constexpr size_t kFileSize = 256 * 1024;
constexpr size_t kBlock = 4096;
constexpr off_t kColdBlock = 128 * 1024;

int64_t Result(ssize_t result) { return result < 0 ? -errno : result; }

int64_t NowaitRead(int fd, void* memory, size_t length, off_t offset) {
  const iovec target{memory, length};
  return Result(preadv2(fd, &target, 1, offset, RWF_NOWAIT));
}

int64_t NowaitWrite(int fd, void* memory, size_t length, off_t offset) {
  const iovec source{memory, length};
  return Result(pwritev2(fd, &source, 1, offset, RWF_NOWAIT));
}

int64_t Fill(int fd, const char* memory) {
  for (off_t done = 0; done < static_cast<off_t>(kFileSize);) {
    const ssize_t written = pwrite(fd, memory, kBlock, done);
    if (written <= 0) return written < 0 ? -errno : -EIO;
    done += written;
  }
  return Result(fsync(fd));
}

// Evicts a block from the page cache. False if it is still there: memory file systems have no other
// place for it.
bool Evict(int fd, off_t offset) {
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  void* mapped = mmap(nullptr, kBlock, PROT_READ, MAP_SHARED, fd, offset);
  if (mapped == MAP_FAILED) return false;
  unsigned char resident = 1;
  const int error = mincore(mapped, kBlock, &resident);
  munmap(mapped, kBlock);
  return error == 0 && (resident & 1) == 0;
}

// The kernel starts readahead before it checks whether it would wait. If the disk was faster than
// this thread, evicts the block and reads again.
int64_t NowaitReadCold(int fd, void* memory) {
  int64_t result;
  int attempts = 8;
  do {
    result = NowaitRead(fd, memory, kBlock, kColdBlock);
  } while (result >= 0 && --attempts > 0 && Evict(fd, kColdBlock));
  return result;
}

// Checks residency on a file system without NOWAIT: 0 if the kernel tells it, or a negative errno.
int64_t Resident(int fd, PageCheck check) {
  struct statx file;
  switch (check) {
    case PageCheck::kLayered:
      if (!Look(fd, STATX_BTIME, file)) return -errno;
      if (LayerOf(file) == Layer::kForeign) return -EOPNOTSUPP;
      [[fallthrough]];
    case PageCheck::kMapped: {
      const FileMap map(fd, kFileSize);
      return map.IsTold() ? LookInMap(map.pages(), 0, kBlock) : -EPERM;
    }
    case PageCheck::kSwapped: return LookForSwapped(fd, 0, kBlock);
    default: return 0;
  }
}

int64_t AsyncSync(KernelContext& kernel, int fd) {
  Request request;
  request.opcode = Opcode::kFdsync;
  request.fd = fd;
  const KernelCommand command{0, &request, 0};
  const long submitted = kernel.Submit(&command, 1);
  if (submitted < 1) return submitted == 0 ? -EAGAIN : submitted;
  KernelEvent event{};
  const long answered = kernel.WaitOne(&event, 30);
  if (answered == 1) return event.result;
  return answered == 0 ? -ETIMEDOUT : answered;
}

void ProbeDirect(int fd, char* memory, std::vector<Answer>& answers) {
  const int flags = fcntl(fd, F_GETFL);
  answers.push_back({"direct", Result(fcntl(fd, F_SETFL, flags | O_DIRECT))});
  if (answers.back().value != 0) return;
  const DirectAlignment stated = StatedAlignment(fd);
  const DirectAlignment tried = TriedAlignment(fd, memory);
  answers.push_back({"statedMemoryAlignment", stated.memory});
  answers.push_back({"statedOffsetAlignment", stated.offset});
  answers.push_back({"triedMemoryAlignment", tried.memory});
  answers.push_back({"triedOffsetAlignment", tried.offset});
  answers.push_back({"nowaitDirectRead", NowaitRead(fd, memory, kLargestAlignment, 0)});
  answers.push_back({"nowaitDirectWrite", NowaitWrite(fd, memory, kLargestAlignment, 0)});
}

struct Free {
  void operator()(char* memory) const { free(memory); }
};

}  // namespace

std::vector<Answer> ProbeDirectory(const char* directory) {
  std::vector<Answer> answers;
  const Descriptor file(OpenTemporary(directory));
  answers.push_back({"open", file.valid() ? 0 : file.get()});
  if (!file.valid()) return answers;
  const int fd = file.get();
  struct statfs status;
  if (fstatfs(fd, &status) == 0)
    answers.push_back({"type", static_cast<int64_t>(static_cast<uint32_t>(status.f_type))});

  void* allocated;
  if (posix_memalign(&allocated, 2 * kLargestAlignment, 2 * kLargestAlignment) != 0) return answers;
  const std::unique_ptr<char, Free> owner(static_cast<char*>(allocated));
  char* memory = owner.get();
  for (size_t i = 0; i < 2 * kLargestAlignment; i++) memory[i] = static_cast<char>(i);

  answers.push_back({"write", Fill(fd, memory)});
  if (answers.back().value != 0) return answers;
  answers.push_back({"nowaitReadCached", NowaitRead(fd, memory, kBlock, 0)});
  if (const Findings found = ExamineNames(fd); found.manner == Manner::kNames && found.check != PageCheck::kNowait) {
    answers.push_back({"resident", Resident(fd, found.check)});
  }
  answers.push_back({"nowaitWrite", NowaitWrite(fd, memory, kBlock, 0)});

  KernelContext kernel;
  const char* step;
  answers.push_back({"ioSetup", kernel.Open(1, &step)});
  if (answers.back().value == 0) answers.push_back({"asyncSync", AsyncSync(kernel, fd)});
  fsync(fd);  // only clean pages can be evicted
  answers.push_back({"evicted", Evict(fd, kColdBlock)});
  answers.push_back({"nowaitReadCold", NowaitReadCold(fd, memory)});
  {
    const Descriptor cached(OpenCached(directory, O_PATH | O_DIRECTORY));
    answers.push_back({"resolveCached", cached.valid() ? 0 : cached.get()});
  }
  ProbeDirect(fd, memory, answers);
  return answers;
}

}  // namespace caio
