#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "../../support/checked.h"
#include "../../support/descriptor.h"
#include "../../support/open_file.h"
#include "../../support/platform.h"
#include "../tree/copy_tree.h"
#include "../tree/make_path.h"
#include "../tree/read_tree.h"
#include "../tree/remove_tree.h"
#include "copy_file.h"
#include "directory.h"
#include "stats.h"

namespace caio {
namespace {

int64_t Stat(const Request& request, StatsOf of) {
  if (request.length < stats_field::kCount * sizeof(double)) return -EOVERFLOW;
  return ReadStats(of, static_cast<double*>(request.single.iov_base));
}

int64_t Readlink(const Request& request) {
  const int64_t length =
      Checked(readlink(request.path.get(), static_cast<char*>(request.single.iov_base), request.length));
  // The target may have been cut off.
  return length == static_cast<int64_t>(request.length) ? -EOVERFLOW : length;
}

int64_t Statfs(const Request& request) {
  if (request.length < file_system_field::kCount * sizeof(double)) return -EOVERFLOW;
  FileSystemStatus status;
  const int64_t result = StatFileSystem(request.path.get(), status);
  if (result < 0) return result;
  using namespace file_system_field;
  auto* out = static_cast<double*>(request.single.iov_base);
  out[kType] = status.type;
  out[kBsize] = status.block_size;
  out[kFrsize] = status.fragment_size;
  out[kBlocks] = status.blocks;
  out[kBfree] = status.free_blocks;
  out[kBavail] = status.available_blocks;
  out[kFiles] = status.files;
  out[kFfree] = status.free_files;
  return 0;
}

struct Freeing {
  void operator()(char* memory) const { free(memory); }
};

int64_t Realpath(const Request& request) {
  const std::unique_ptr<char, Freeing> canonical(realpath(request.path.get(), nullptr));
  if (!canonical) return -errno;
  const size_t length = strlen(canonical.get());
  if (length > request.length) return -EOVERFLOW;
  memcpy(request.single.iov_base, canonical.get(), length);
  return static_cast<int64_t>(length);
}

// 0; the errno of open(2); -EAGAIN if the file was opened but not truncated; or the errno of close(2)
// + kWhileClosing.
int64_t Truncate(const char* path, int64_t length) {
  Descriptor file(OpenFile(path, O_RDWR, 0));
  if (!file.valid()) return file.get();
  if (Uninterrupted([&] { return ftruncate(file.get(), static_cast<off_t>(length)); }) != 0) return -EAGAIN;
  const int closed = file.Close();
  return closed < 0 ? closed + kWhileClosing : 0;
}

int64_t MakeTemporary(const Request& request) {
  const size_t length = strlen(request.path.get());
  if (length >= request.length) return -EOVERFLOW;
  char* made = static_cast<char*>(request.single.iov_base);
  memcpy(made, request.path.get(), length + 1);
  // -EAGAIN: Node makes the error, which names the last path tried.
  return mkdtemp(made) ? static_cast<int64_t>(length) : -EAGAIN;
}

int64_t PerformOnce(Request& request) {
  const char* path = request.path.get();
  const char* other = request.other_path;
  char* memory = static_cast<char*>(request.single.iov_base);
  const auto& [mode, uid, gid, flags, length] = request.names;
  switch (request.opcode) {
    case Opcode::kStat: return Stat(request, {path, true, -1});
    case Opcode::kLstat: return Stat(request, {path, false, -1});
    case Opcode::kFstat: return Stat(request, {nullptr, false, request.fd});
    case Opcode::kAccess: return Checked(access(path, static_cast<int>(mode)));
    case Opcode::kReadlink: return Readlink(request);
    case Opcode::kRealpath: return Realpath(request);
    case Opcode::kRename: return Checked(rename(path, other));
    case Opcode::kLink: return Checked(link(path, other));
    case Opcode::kSymlink: return Checked(symlink(path, other));
    case Opcode::kUnlink: return Checked(unlink(path));
    case Opcode::kMkdir: return Checked(mkdir(path, mode));
    case Opcode::kRmdir: return Checked(rmdir(path));
    case Opcode::kChmod: return Checked(chmod(path, mode));
    case Opcode::kChown: return Checked(chown(path, uid, gid));
    case Opcode::kLchown: return Checked(lchown(path, uid, gid));
    case Opcode::kReaddir: return ReadDirectory(path, Order::kOfBytes, memory, request.length);
    case Opcode::kOpendir: return ReadDirectory(path, Order::kAsFound, memory, request.length);
    case Opcode::kStatfs: return Statfs(request);
    case Opcode::kOpen: return OpenFile(path, flags, mode);
    case Opcode::kTruncate: return Truncate(path, length);
    case Opcode::kCopyFile: return CopyFile(path, other, static_cast<unsigned>(flags));
    case Opcode::kMkdtemp: return MakeTemporary(request);
    case Opcode::kReadTree: return ReadTree(path, static_cast<unsigned>(flags), memory, request.length);
    case Opcode::kMakePath: return MakePath(path, mode, memory, request.length);
    case Opcode::kRm: return RemoveTree(path, static_cast<unsigned>(flags), memory, request.length, request.progress);
    case Opcode::kCp:
      return CopyTree(path, other, static_cast<unsigned>(flags), memory, request.length, request.progress);
    case Opcode::kFchmod: return Checked(fchmod(request.fd, mode));
    case Opcode::kFchown: return Checked(fchown(request.fd, uid, gid));
    default: return -ENOSYS;
  }
}

int64_t PerformTimesOnce(const Request& request) {
  const timespec times[] = {request.times.access, request.times.change};
  switch (request.opcode) {
    case Opcode::kUtimes: return Checked(utimensat(AT_FDCWD, request.path.get(), times, 0));
    case Opcode::kLutimes: return Checked(utimensat(AT_FDCWD, request.path.get(), times, AT_SYMLINK_NOFOLLOW));
    case Opcode::kFutimes: return Checked(futimens(request.fd, times));
    default: return -ENOSYS;
  }
}

// Repeats after EINTR: an interrupted call has done nothing.
template <typename Perform>
int64_t PerformAgain(Perform perform) {
  for (;;) {
    const int64_t result = perform();
    if (result != -EINTR) return result;
  }
}

}  // namespace

int64_t PerformPath(Request& request) {
  return PerformAgain([&] { return PerformOnce(request); });
}

int64_t PerformTimes(const Request& request) {
  return PerformAgain([&] { return PerformTimesOnce(request); });
}

}  // namespace caio
