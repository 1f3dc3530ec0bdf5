// The kernel's AIO interface as io_submit(2) has it: structures, constants, raw system calls. No libaio.
#pragma once

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "../../support/checked.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif
#ifndef RWF_DSYNC
#define RWF_DSYNC 0x00000002
#endif
#ifndef IOCB_FLAG_IOPRIO
#define IOCB_FLAG_IOPRIO (1 << 1)
#endif

namespace caio::abi {

// The completion ring that the kernel maps into this process (struct aio_ring in fs/aio.c). The
// context id is its address.
struct Ring {
  uint32_t id;
  uint32_t nr;  // number of io_events
  uint32_t head;
  uint32_t tail;
  uint32_t magic;
  uint32_t compat_features;
  uint32_t incompat_features;
  uint32_t header_length;
  io_event events[];
};
constexpr uint32_t kRingMagic = 0xa10a10a1;

// Each returns what the kernel returned, or a negative errno.
inline long Setup(unsigned nr_events, aio_context_t* context) {
  return Checked(syscall(SYS_io_setup, nr_events, context));
}
inline long Destroy(aio_context_t context) { return Checked(syscall(SYS_io_destroy, context)); }
inline long Submit(aio_context_t context, long count, iocb** iocbs) {
  return Checked(syscall(SYS_io_submit, context, count, iocbs));
}
inline long GetEvents(aio_context_t context, long at_least, long at_most, io_event* events, timespec* timeout) {
  return Checked(syscall(SYS_io_getevents, context, at_least, at_most, events, timeout));
}

}  // namespace caio::abi
