// What common code uses and only some systems have. platform_linux.cc or platform_elsewhere.cc implements it, whichever is built. If a
// system lacks something, the function gives a result that makes its caller do without.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>

namespace caio {

// A write to `write_fd` makes `read_fd` readable; they may be the same descriptor. 0, or a negative errno.
int OpenSignal(int* read_fd, int* write_fd);

// Names the calling thread, for tools that show the threads of a process. 15 characters at most.
void NameThread(const char* name);

// A descriptor of a file in memory, without a name; negative if there is none.
int OpenInMemory(const char* name);

// Asks the kernel for all pages of fresh memory, just before the memory is filled. To fault it in page by page costs more than to fill it:
// 131,072 faults for 512 MiB. With the request, it took half as long. Huge pages were faster still, but much slower if the kernel had to
// make room for them. If the pages are there already, the request costs half as much as the copy.
void FaultIn(const iovec& memory);

// The type of a file system, as statfs(2) numbers it; 0 if that is not known.
uint32_t FileSystemType(const char* path);
uint32_t FileSystemType(int fd);

// What statfs(2) gives.
struct FileSystemStatus {
  double type;
  double block_size;
  double blocks;
  double free_blocks;
  double available_blocks;
  double files;
  double free_files;
};

// 0, or a negative errno: -EAGAIN on systems where Node's own function has to ask.
int64_t StatFileSystem(const char* path, FileSystemStatus& status);

// Which file a descriptor stands for. Asks no server. False if that is not known.
bool LookWhich(int fd, dev_t* device, ino_t* inode);

// Whether a file is on no block device.
bool IsOnNoDevice(const struct stat& status);

// Copies bytes from one file to another within the kernel: those from `*offset` to `size` of the first. Adds what it has copied to
// `*offset`. False if the rest has to be copied by hand; else `*result` is 0 or a negative errno.
bool SendBytes(int from, int to, off_t* offset, off_t size, int64_t* result);

// Starts writing back. 0, or a negative errno: -ENOSYS if that cannot be done on this system, or to this kind of file.
int StartWritingBack(int fd, int64_t start, int64_t length);

}  // namespace caio
