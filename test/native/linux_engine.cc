// The complete engine, as its environment uses it, but without one: large batches of cached reads
// that it shares with its helper, direct I/O in flight in the kernel, writes, syncs and whole
// files. Each request is answered exactly once and with the right bytes, at any timing of
// cancellations and the end. Run with ThreadSanitizer and with AddressSanitizer.
#include "../../native/linux/aio/kernel_context.h"
#include "../../native/linux/engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "../../native/thread_pool/thread_pool.h"
#include "check.h"
#include "give_path.h"
#include "unwatched_queue.h"

namespace {

using caio::Completion;
using caio::Opcode;
using caio::Request;
using caio::Route;

// Alignment that direct I/O accepts on every disk.
constexpr size_t kBlock = 4096;
constexpr uint32_t kBlocks = 256;
size_t answered = 0, cancelled = 0, abandoned = 0;
size_t by_route[5] = {};

// Nearby blocks differ.
char Content(uint32_t block) { return static_cast<char>(block % 251 + 1); }

bool Holds(const char* memory, uint32_t block) {
  for (size_t i = 0; i < kBlock; i++) {
    if (memory[i] != Content(block)) return false;
  }
  return true;
}

struct Files {
  std::string directory;
  std::string whole;  // one block
  int buffered = -1;  // kBlocks of them, only read
  int direct = -1;    // the same, past the page cache
  int written = -1;
  int written_direct = -1;
  uint32_t key = 0;
};

int OpenFilled(const std::string& path, uint32_t blocks) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  std::vector<char> block(kBlock);
  for (uint32_t i = 0; i < blocks; i++) {
    memset(block.data(), Content(i), kBlock);
    Check(write(fd, block.data(), kBlock) == static_cast<ssize_t>(kBlock), "a file is filled");
  }
  fsync(fd);
  return fd;
}

enum class Kind { kCached, kDirect, kVectors, kWrite, kDirectWrite, kSync, kReadFile, kWriteFile };

struct Asked {
  Kind kind;
  uint32_t block;
  int settled = 0;
};

class Round {
 public:
  Round(Files& files, uint32_t seed, unsigned threads)
      : files_(files), seed_(seed), random_(seed + 1), pool_(queue_, threads) {
    Check(queue_.Open() == 0, "the queue opens");
    engine_ = std::make_unique<caio::LinuxEngine>(std::make_unique<caio::KernelContext>(), queue_, pool_, known_);
    memory_ = static_cast<char*>(aligned_alloc(kBlock, kMost * kBlock));
  }
  ~Round() { free(memory_); }

  void Run(bool abandon) {
    const char* step = "";
    Check(engine_->Open("/tmp", &step) == 0, step);
    // Every other round is as on an overlay: a mapping shows which pages are in memory.
    caio::MountKey mount;
    if (seed_ % 2 == 0 && caio::FindMount(files_.buffered, &mount)) {
      known_.Learn(mount, {caio::Manner::kInline, caio::PageCheck::kLayered}, caio::Nanoseconds());
    }
    while (asked_.size() + kLargest <= kMost) {
      // Every other batch is large and of one kind: cached reads, or files, that are shared with the helper.
      const bool uniform = random_() % 2 == 0;
      const Kind kinds[] = {Kind::kCached, Kind::kCached, Kind::kReadFile, Kind::kDirect, Kind::kVectors};
      const Kind kind = kinds[random_() % 5];
      const size_t count = uniform ? 16 + random_() % (kLargest - 16) : 1 + random_() % 24;
      for (size_t i = 0; i < count; i++) Add(uniform ? kind : static_cast<Kind>(random_() % 8));
      Submit();
      // One of those just handed over: earlier ones are done.
      if (random_() % 2 == 0) Cancel(static_cast<uint32_t>(asked_.size() - 1 - random_() % count));
      if (random_() % 4 == 0) Take();
      if (random_() % 4 == 0) engine_->EndTurn();
    }
    if (!abandon) {
      while (left_ > 0 && queue_.Wait(10000)) Take();
      Check(left_ == 0, "all are answered");
    }
    // As the environment does it.
    pool_.Close();
    engine_.reset();
    queue_.Drain(finished_);
    Settle();
    abandoned += left_;
    for (const Asked& each : asked_) {
      const bool may_be_dropped = abandon && OnlyReads(each.kind);
      Check(may_be_dropped ? each.settled <= 1 : each.settled == 1,
            "each is answered once, dropped is nothing but reads");
    }
    CheckWritten();
    // AddressSanitizer reports writes from here on.
    free(memory_);
    memory_ = nullptr;
  }

 private:
  static constexpr size_t kMost = 4096;
  static constexpr size_t kLargest = 600;  // more than the helper takes at once, and the kernel has room for

  static bool OnlyReads(Kind kind) {
    return kind != Kind::kWrite && kind != Kind::kDirectWrite && kind != Kind::kSync && kind != Kind::kWriteFile;
  }

  char* MemoryOf(uint32_t id) { return memory_ + id * kBlock; }

  void Add(Kind kind) {
    Request request;
    request.id = static_cast<uint32_t>(asked_.size());
    const uint32_t block = kind == Kind::kWrite || kind == Kind::kDirectWrite ? request.id : random_() % kBlocks;
    asked_.push_back({kind, block});
    left_++;
    char* memory = MemoryOf(request.id);
    memset(memory, 0, kBlock);
    request.length = kBlock;
    request.single = {memory, kBlock};
    request.offset = static_cast<int64_t>(block) * static_cast<int64_t>(kBlock);
    switch (kind) {
      case Kind::kCached:
        request.fd = files_.buffered;
        // With a handle's key, or by the bare number.
        request.transfer.file_key = random_() % 2 == 0 ? files_.key : 0;
        break;
      case Kind::kDirect: request.fd = files_.direct; break;
      case Kind::kVectors:
        request.opcode = Opcode::kReadv;
        request.fd = random_() % 2 == 0 ? files_.direct : files_.buffered;
        request.vectors.reset(new iovec[2]{{memory, kBlock / 2}, {memory + kBlock / 2, kBlock / 2}});
        request.transfer.vector_count = 2;
        break;
      case Kind::kWrite:
      case Kind::kDirectWrite:
        request.opcode = Opcode::kWrite;
        request.fd = kind == Kind::kWrite ? files_.written : files_.written_direct;
        request.transfer.durable = random_() % 8 == 0;
        memset(memory, Content(block), kBlock);
        break;
      case Kind::kSync:
        request.opcode = random_() % 2 == 0 ? Opcode::kFsync : Opcode::kFdsync;
        request.fd = files_.written;
        request.length = 0;
        request.single = {};
        break;
      case Kind::kReadFile:
      case Kind::kWriteFile: {
        const bool writes = kind == Kind::kWriteFile;
        const std::string path = writes ? files_.directory + "/" + std::to_string(request.id) : files_.whole;
        request.opcode = writes ? Opcode::kWriteFile : Opcode::kReadFile;
        request.fd = 0;
        request.offset = 0600;
        GivePath(request, path);
        if (writes) memset(memory, Content(block), kBlock);
        break;
      }
    }
    batch_.push_back(std::move(request));
  }

  void Submit() {
    engine_->Submit(batch_.data(), batch_.size(), finished_);
    batch_.clear();
    Settle();
  }

  void Cancel(uint32_t id) {
    if (!engine_->Cancel(0, id)) return;
    asked_[id].settled++;
    cancelled++;
    left_--;
  }

  void Take() {
    queue_.Drain(finished_);
    engine_->Reap(finished_);
    Settle();
  }

  void Settle() {
    for (const Completion& completion : finished_) {
      Asked& asked = asked_[completion.id];
      asked.settled++;
      answered++;
      left_--;
      by_route[static_cast<size_t>(completion.route)]++;
      const bool sync = asked.kind == Kind::kSync;
      Check(completion.result == (sync ? 0 : static_cast<int64_t>(kBlock)), "it succeeds");
      const bool read = asked.kind == Kind::kCached || asked.kind == Kind::kDirect || asked.kind == Kind::kVectors;
      const uint32_t block = asked.kind == Kind::kReadFile ? 0 : asked.block;
      if (read || asked.kind == Kind::kReadFile) Check(Holds(MemoryOf(completion.id), block), "with the right bytes");
      if (asked.kind == Kind::kWriteFile || asked.kind == Kind::kWrite || asked.kind == Kind::kDirectWrite) {
        // It belongs to the caller again.
        memset(MemoryOf(completion.id), 0, kBlock);
        written_.push_back(completion.id);
      }
    }
    finished_.clear();
  }

  void CheckWritten() {
    std::vector<char> block(kBlock);
    for (const uint32_t id : written_) {
      const Asked& asked = asked_[id];
      if (asked.kind == Kind::kWriteFile) {
        const std::string path = files_.directory + "/" + std::to_string(id);
        const int fd = open(path.c_str(), O_RDONLY);
        Check(read(fd, block.data(), kBlock) == static_cast<ssize_t>(kBlock), "the file is there");
        close(fd);
        unlink(path.c_str());
      } else {
        const int fd = files_.written;
        const auto offset = static_cast<off_t>(asked.block) * static_cast<off_t>(kBlock);
        Check(pread(fd, block.data(), kBlock, offset) == static_cast<ssize_t>(kBlock), "what was written is there");
      }
      Check(Holds(block.data(), asked.block), "as it was written");
    }
  }

  Files& files_;
  const uint32_t seed_;
  std::minstd_rand random_;
  caio::CompletionQueue queue_;
  caio::ThreadPool pool_;
  caio::KnownFileSystems known_;
  std::unique_ptr<caio::LinuxEngine> engine_;
  char* memory_ = nullptr;
  std::vector<Asked> asked_;
  std::vector<Request> batch_;
  std::vector<Completion> finished_;
  std::vector<uint32_t> written_;
  size_t left_ = 0;
};

}  // namespace

int main() {
  char directory[] = "/tmp/caio-engine-XXXXXX";
  Check(mkdtemp(directory) != nullptr, "a directory");
  Files files;
  files.directory = directory;
  files.whole = files.directory + "/whole";
  const std::string content = files.directory + "/content", written = files.directory + "/written";
  close(OpenFilled(files.whole, 1));
  files.buffered = OpenFilled(content, kBlocks);
  files.direct = open(content.c_str(), O_RDONLY | O_DIRECT);
  files.written_direct = open(written.c_str(), O_RDWR | O_CREAT | O_DIRECT, 0600);
  files.written = open(written.c_str(), O_RDWR);
  for (uint32_t round = 0; round < 16; round++) {
    files.key = round + 1;
    Check(ftruncate(files.written, 0) == 0, "nothing is left of the round before");
    Round(files, round, 1 + round % 4).Run(round % 4 == 3);
  }
  for (const int fd : {files.buffered, files.direct, files.written, files.written_direct}) close(fd);
  const std::string remove = "rm -r " + files.directory;
  Check(system(remove.c_str()) == 0, "all is removed");
  Check(by_route[0] > 0 && by_route[1] > 0 && by_route[2] > 0, "every route was taken");
  printf("%zu answered (inline %zu, kernel %zu, pool %zu, missed %zu), %zu cancelled, %zu abandoned, %d failures\n",
         answered, by_route[0], by_route[1], by_route[2], by_route[4], cancelled, abandoned, failures);
  return failures == 0 ? 0 : 1;
}
