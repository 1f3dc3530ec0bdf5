// The operations that an engine serves, one row each. lib/protocol/operations.ts has the same rows;
// they are compared when the addon is loaded.
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
  kStat,
  kLstat,
  kAccess,
  kReadlink,
  kRealpath,
  kRename,
  kLink,
  kSymlink,
  kUnlink,
  kMkdir,
  kRmdir,
  kChmod,
  kChown,
  kLchown,
  kReaddir,
  kOpen,
  kFstat,
  kClose,
  kTruncate,
  kCopyFile,
  kMkdtemp,
  kUtimes,
  kLutimes,
  kFtruncate,
  kFchmod,
  kFchown,
  kFutimes,
  kReadTree,
  kMakePath,
  kRm,
  kCp,
  kOpendir,
  kStatfs,
  kCopyAttributes,
};

// Layout of a request, besides its header.
enum class Family : uint8_t {
  kTransfer,  // bytes to or from an open file
  kSync,
  kControl,    // other operations on an open file
  kWholeFile,  // reads or writes a file by its path
  kPath,       // operations on one or two paths, or on an open file
  kTimes,      // times of a path or of an open file
};

// How long an operation takes a pool thread.
enum class Cost : uint8_t {
  // Microseconds, unless it waits for a disk. copyFile, too: as kLong, 64 copies of 3 KB took 11 %
  // longer.
  kShort,
  kByLength,  // short for few bytes, else long
  kLong,
};

// Lasting effect of an operation.
enum class Effect : uint8_t {
  kNone,  // may be dropped when no caller waits for it
  kSome,
};

struct Operation {
  Opcode opcode;
  const char* name;  // JavaScript's name
  Family family;
  Cost cost;
  Effect effect;
  int paths;  // number of paths in the request
};

constexpr Operation kOperations[] = {
    {Opcode::kRead, "read", Family::kTransfer, Cost::kByLength, Effect::kNone, 0},
    {Opcode::kWrite, "write", Family::kTransfer, Cost::kByLength, Effect::kSome, 0},
    {Opcode::kReadv, "readv", Family::kTransfer, Cost::kByLength, Effect::kNone, 0},
    {Opcode::kWritev, "writev", Family::kTransfer, Cost::kByLength, Effect::kSome, 0},
    {Opcode::kFsync, "fsync", Family::kSync, Cost::kLong, Effect::kSome, 0},
    {Opcode::kFdsync, "fdsync", Family::kSync, Cost::kLong, Effect::kSome, 0},
    {Opcode::kReadFile, "readFile", Family::kWholeFile, Cost::kByLength, Effect::kNone, 1},
    {Opcode::kWriteFile, "writeFile", Family::kWholeFile, Cost::kByLength, Effect::kSome, 1},
    {Opcode::kFindAlignment, "findAlignment", Family::kControl, Cost::kLong, Effect::kNone, 0},
    {Opcode::kAllocate, "allocate", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kPunchHole, "punchHole", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kZeroRange, "zeroRange", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kAdvise, "advise", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kSyncRange, "syncRange", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kSeekData, "seekData", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kSeekHole, "seekHole", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kCopyFileRange, "copyFileRange", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kLock, "lock", Family::kControl, Cost::kLong, Effect::kSome, 0},
    {Opcode::kStat, "stat", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kLstat, "lstat", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kAccess, "access", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kReadlink, "readlink", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kRealpath, "realpath", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kRename, "rename", Family::kPath, Cost::kShort, Effect::kSome, 2},
    {Opcode::kLink, "link", Family::kPath, Cost::kShort, Effect::kSome, 2},
    {Opcode::kSymlink, "symlink", Family::kPath, Cost::kShort, Effect::kSome, 2},
    {Opcode::kUnlink, "unlink", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kMkdir, "mkdir", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kRmdir, "rmdir", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kChmod, "chmod", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kChown, "chown", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kLchown, "lchown", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kReaddir, "readdir", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kOpen, "open", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kFstat, "fstat", Family::kPath, Cost::kShort, Effect::kNone, 0},
    {Opcode::kClose, "close", Family::kControl, Cost::kShort, Effect::kSome, 0},
    {Opcode::kTruncate, "truncate", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kCopyFile, "copyFile", Family::kPath, Cost::kShort, Effect::kSome, 2},
    {Opcode::kMkdtemp, "mkdtemp", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kUtimes, "utimes", Family::kTimes, Cost::kShort, Effect::kSome, 1},
    {Opcode::kLutimes, "lutimes", Family::kTimes, Cost::kShort, Effect::kSome, 1},
    {Opcode::kFtruncate, "ftruncate", Family::kControl, Cost::kShort, Effect::kSome, 0},
    {Opcode::kFchmod, "fchmod", Family::kPath, Cost::kShort, Effect::kSome, 0},
    {Opcode::kFchown, "fchown", Family::kPath, Cost::kShort, Effect::kSome, 0},
    {Opcode::kFutimes, "futimes", Family::kTimes, Cost::kShort, Effect::kSome, 0},
    {Opcode::kReadTree, "readTree", Family::kPath, Cost::kLong, Effect::kNone, 1},
    {Opcode::kMakePath, "makePath", Family::kPath, Cost::kShort, Effect::kSome, 1},
    {Opcode::kRm, "rm", Family::kPath, Cost::kLong, Effect::kSome, 1},
    {Opcode::kCp, "cp", Family::kPath, Cost::kLong, Effect::kSome, 2},
    {Opcode::kOpendir, "opendir", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kStatfs, "statfs", Family::kPath, Cost::kShort, Effect::kNone, 1},
    {Opcode::kCopyAttributes, "copyAttributes", Family::kControl, Cost::kLong, Effect::kSome, 0},
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
constexpr Effect EffectOf(Opcode opcode) { return RowOf(opcode).effect; }

constexpr bool IsRead(Opcode opcode) { return opcode == Opcode::kRead || opcode == Opcode::kReadv; }
constexpr bool IsWrite(Opcode opcode) { return opcode == Opcode::kWrite || opcode == Opcode::kWritev; }
constexpr bool IsVectored(Opcode opcode) { return opcode == Opcode::kReadv || opcode == Opcode::kWritev; }
constexpr bool IsTransfer(Opcode opcode) { return FamilyOf(opcode) == Family::kTransfer; }
constexpr bool IsSync(Opcode opcode) { return FamilyOf(opcode) == Family::kSync; }
constexpr bool IsControl(Opcode opcode) { return FamilyOf(opcode) == Family::kControl; }
constexpr bool IsWholeFile(Opcode opcode) { return FamilyOf(opcode) == Family::kWholeFile; }
constexpr bool IsPath(Opcode opcode) { return FamilyOf(opcode) == Family::kPath; }
constexpr bool IsTimes(Opcode opcode) { return FamilyOf(opcode) == Family::kTimes; }
constexpr bool HasPath(Opcode opcode) { return RowOf(opcode).paths > 0; }
// Operations that only add a name to a directory or remove one: the kernel makes one such change at
// a time per directory.
constexpr bool ChangesNames(Opcode opcode) {
  return opcode == Opcode::kRename || opcode == Opcode::kLink || opcode == Opcode::kSymlink ||
         opcode == Opcode::kUnlink || opcode == Opcode::kMkdir || opcode == Opcode::kRmdir;
}
// Operations done in slices.
constexpr bool IsTree(Opcode opcode) { return opcode == Opcode::kRm || opcode == Opcode::kCp; }

}  // namespace caio
