// What common code uses that only some systems have. Made by platform_linux.cc, or by platform_elsewhere.cc, whichever is built: where there
// is no such thing, the answer is one that sends its caller another way.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>

namespace caio {

// What is written to the one makes the other readable; they may be the same. 0, or a negative errno.
int OpenSignal(int* read_fd, int* write_fd);

// The calling thread, for those who look at the process: 15 characters at most.
void NameThread(const char* name);

// A file without a name that is on no disk; negative if there is none.
int OpenInMemory(const char* name);

// Faulting fresh memory in page by page costs more than filling it: 131,072 faults for 512 MiB. Asked for as a whole just before
// it is filled, it took half as long. (Huge pages were faster still, or, where the kernel had to make room for them, much slower;
// where the pages are there already, asking costs half as much as the copy.)
void FaultIn(const iovec& memory);

// As statfs(2) numbers them; 0 if that cannot be told.
uint32_t FileSystemType(const char* path);
uint32_t FileSystemType(int fd);

// As statfs(2) has them.
struct FileSystemStatus {
  double type;
  double block_size;
  double blocks;
  double free_blocks;
  double available_blocks;
  double files;
  double free_files;
};

// 0, or a negative errno: -EAGAIN where it is for others to ask.
int64_t StatFileSystem(const char* path, FileSystemStatus& status);

// Which file a descriptor stands for, without asking its server. False if that cannot be told.
bool LookWhich(int fd, dev_t* device, ino_t* inode);

// Of a file that is on no block device.
bool IsOnNoDevice(const struct stat& status);

// Moves bytes from one file to another, from `offset` in the first on, which it moves, to `size`, within the kernel. False if the rest has
// to be moved by hand; `result` is 0 or a negative errno otherwise.
bool SendBytes(int from, int to, off_t* offset, off_t size, int64_t* result);

// Starts writing back. 0, or a negative errno: what cannot be done here, or to this kind of file, is -ENOSYS.
int StartWritingBack(int fd, int64_t start, int64_t length);

}  // namespace caio
