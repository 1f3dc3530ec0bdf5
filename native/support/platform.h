// Functions that only some systems have, for common code: platform_linux.cc or
// platform_elsewhere.cc implements them. Where a system lacks one, its result makes the caller do
// without.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>

// A time of a `struct stat`: a, m, c; on macOS also birth.
#ifdef __APPLE__
#define CAIO_TIME(status, which) ((status).st_##which##timespec)
#else
#define CAIO_TIME(status, which) ((status).st_##which##tim)
#endif

namespace caio {

// Opens a signal: a write to `write_fd` makes `read_fd` readable. They may be the same descriptor.
// 0, or a negative errno.
int OpenSignal(int* read_fd, int* write_fd);

// Names the calling thread, for tools that list threads. 15 characters at most.
void NameThread(const char* name);

// A descriptor of an unnamed file in memory; negative if there is none.
int OpenInMemory(const char* name);

// Faults in all pages of fresh memory in one call, just before it is filled. Page by page, faulting
// costs more than filling: 131,072 faults for 512 MiB. The call made it take half as long. Huge
// pages were faster still, but much slower if the kernel had to make room for them. If the pages
// are there already, the call costs half as much as the copy.
void FaultIn(const iovec& memory);

// Type of a file system, as statfs(2) numbers it; 0 if unknown.
uint32_t FileSystemType(const char* path);
uint32_t FileSystemType(int fd);

// Result of statfs(2).
struct FileSystemStatus {
  double type;
  double block_size;
  double fragment_size;
  double blocks;
  double free_blocks;
  double available_blocks;
  double files;
  double free_files;
};

// 0, or a negative errno: -EAGAIN on systems where Node's own function has to serve.
int64_t StatFileSystem(const char* path, FileSystemStatus& status);

// Finds which file a descriptor refers to. Asks no server. False if unknown.
bool LookWhich(int fd, dev_t* device, ino_t* inode);

// Reads type, permissions, size and device of a file that is about to be written: by its path or, if
// that is null, by a descriptor. Not its times: see is_fresh.h. 0, or -1 with errno.
int LookBeforeWriting(const char* path, int fd, struct stat* status);

// Reads type, permissions, size and device of a file by its path, whose last link it follows or not,
// or, if that is null, by a descriptor. Asks no server. False if unknown.
bool LookAtSize(const char* path, int fd, bool follows, struct stat* status);

// Whether a file is on no block device.
bool IsOnNoDevice(const struct stat& status);

// Copies the bytes from `*offset` to `size` within the kernel, and advances `*offset` by the bytes
// copied. False if the rest has to be copied by hand; else `*result` is 0 or a negative errno.
bool SendBytes(int from, int to, off_t* offset, off_t size, int64_t* result);

// Starts writeback. 0, or a negative errno: -ENOSYS if this system or this type of file cannot.
int StartWritingBack(int fd, int64_t start, int64_t length);

}  // namespace caio
