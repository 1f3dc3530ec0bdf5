// The kernel's io_uring interface of io_uring(7), as of Linux 5.6: structures, constants, raw
// system calls. No liburing, and no kernel headers, which may be older.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "../../support/checked.h"

namespace caio::uring {

// The same numbers on all architectures.
constexpr long kSysSetup = 425;
constexpr long kSysEnter = 426;
constexpr long kSysRegister = 427;

// IORING_OP_…
enum Operation : uint8_t { kReadv = 1, kWritev = 2, kFsync = 3, kRead = 22, kWrite = 23 };

constexpr uint32_t kFsyncDatasync = 1 << 0;  // IORING_FSYNC_DATASYNC

// IORING_SETUP_…
constexpr uint32_t kSetupCqSize = 1 << 3;
constexpr uint32_t kSetupCoopTaskrun = 1 << 8;  // 5.19

// IORING_FEAT_…
constexpr uint32_t kFeatSingleMmap = 1 << 0;
constexpr uint32_t kFeatNoDrop = 1 << 1;

// IORING_OFF_…
constexpr int64_t kOffsetRings = 0;
constexpr int64_t kOffsetSqes = 0x10000000;

// IORING_REGISTER_…
constexpr unsigned kRegisterEventfd = 4;
constexpr unsigned kRegisterProbe = 8;

struct Sqe {
  uint8_t opcode;
  uint8_t flags;
  uint16_t ioprio;
  int32_t fd;
  uint64_t off;
  uint64_t addr;
  uint32_t len;
  uint32_t op_flags;  // rw_flags, fsync_flags
  uint64_t user_data;
  uint64_t unused[3];
};
static_assert(sizeof(Sqe) == 64);

struct Cqe {
  uint64_t user_data;
  int32_t res;
  uint32_t flags;
};
static_assert(sizeof(Cqe) == 16);

struct SqOffsets {
  uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, unused;
  uint64_t unused_address;
};

struct CqOffsets {
  uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, unused;
  uint64_t unused_address;
};

struct Params {
  uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, unused[3];
  SqOffsets sq;
  CqOffsets cq;
};
static_assert(sizeof(Params) == 120);

constexpr uint16_t kProbeSupported = 1 << 0;

struct ProbeOperation {
  uint8_t op;
  uint8_t unused;
  uint16_t flags;
  uint32_t unused2;
};

struct Probe {
  uint8_t last_op;
  uint8_t count;
  uint16_t unused;
  uint32_t unused2[3];
  ProbeOperation operations[kWrite + 1];
};

// Each returns what the kernel returned, or a negative errno.
inline long Setup(unsigned entries, Params* params) { return Checked(syscall(kSysSetup, entries, params)); }
inline long Enter(int ring, unsigned submit) { return Checked(syscall(kSysEnter, ring, submit, 0, 0, nullptr, 0L)); }
inline long Register(int ring, unsigned what, void* argument, unsigned count) {
  return Checked(syscall(kSysRegister, ring, what, argument, count));
}

}  // namespace caio::uring
