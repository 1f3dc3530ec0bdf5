// The operations that an engine serves: one row each. lib/protocol/operations.ts has the same rows, which are compared when the addon is
// loaded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

enum class Opcode : uint8_t {
  kRead,
  kWrite,
  kReadv,
  kWritev,
  kFsync,
  kFdsync,
  kReadFile,   // open, fstat, read, close
  kWriteFile,  // open, write, cut off an old tail, perhaps fsync, close
  kFindAlignment,
  kAllocate,
  kPunchHole,
  kZeroRange,
  kAdvise,
  kSyncRange,
  kSeekData,
  kSeekHole,
  kCopyFileRange,
  kLock,
};

// What a request has besides its header.
enum class Family : uint8_t {
  kTransfer,  // bytes to or from an open file
  kSync,
  kControl,    // what else is done to an open file
  kWholeFile,  // a file by its path
};

// What a pool thread is taken for.
enum class Cost : uint8_t {
  kByLength,  // microseconds for few bytes, if no disk is waited for
  kLong,      // whatever the length
};

struct Operation {
  Opcode opcode;
  const char* name;  // in JavaScript
  Family family;
  Cost cost;
};

constexpr Operation kOperations[] = {
    {Opcode::kRead, "read", Family::kTransfer, Cost::kByLength},
    {Opcode::kWrite, "write", Family::kTransfer, Cost::kByLength},
    {Opcode::kReadv, "readv", Family::kTransfer, Cost::kByLength},
    {Opcode::kWritev, "writev", Family::kTransfer, Cost::kByLength},
    {Opcode::kFsync, "fsync", Family::kSync, Cost::kLong},
    {Opcode::kFdsync, "fdsync", Family::kSync, Cost::kLong},
    {Opcode::kReadFile, "readFile", Family::kWholeFile, Cost::kByLength},
    {Opcode::kWriteFile, "writeFile", Family::kWholeFile, Cost::kByLength},
    {Opcode::kFindAlignment, "findAlignment", Family::kControl, Cost::kLong},
    {Opcode::kAllocate, "allocate", Family::kControl, Cost::kLong},
    {Opcode::kPunchHole, "punchHole", Family::kControl, Cost::kLong},
    {Opcode::kZeroRange, "zeroRange", Family::kControl, Cost::kLong},
    {Opcode::kAdvise, "advise", Family::kControl, Cost::kLong},
    {Opcode::kSyncRange, "syncRange", Family::kControl, Cost::kLong},
    {Opcode::kSeekData, "seekData", Family::kControl, Cost::kLong},
    {Opcode::kSeekHole, "seekHole", Family::kControl, Cost::kLong},
    {Opcode::kCopyFileRange, "copyFileRange", Family::kControl, Cost::kLong},
    {Opcode::kLock, "lock", Family::kControl, Cost::kLong},
};
constexpr size_t kOperationCount = sizeof kOperations / sizeof kOperations[0];

constexpr bool AreInOrder() {
  for (size_t i = 0; i < kOperationCount; i++) {
    if (static_cast<size_t>(kOperations[i].opcode) != i) return false;
  }
  return true;
}
static_assert(AreInOrder(), "each row is at its opcode's place");

constexpr const Operation& RowOf(Opcode opcode) { return kOperations[static_cast<size_t>(opcode)]; }
constexpr Family FamilyOf(Opcode opcode) { return RowOf(opcode).family; }
constexpr Cost CostOf(Opcode opcode) { return RowOf(opcode).cost; }

constexpr bool IsRead(Opcode opcode) { return opcode == Opcode::kRead || opcode == Opcode::kReadv; }
constexpr bool IsWrite(Opcode opcode) { return opcode == Opcode::kWrite || opcode == Opcode::kWritev; }
constexpr bool IsVectored(Opcode opcode) { return opcode == Opcode::kReadv || opcode == Opcode::kWritev; }
constexpr bool IsSync(Opcode opcode) { return FamilyOf(opcode) == Family::kSync; }
constexpr bool IsControl(Opcode opcode) { return FamilyOf(opcode) == Family::kControl; }
constexpr bool IsWholeFile(Opcode opcode) { return FamilyOf(opcode) == Family::kWholeFile; }

}  // namespace caio
