/**
 * The operations that a backend serves, one row each: their numbers, and all that follows from what
 * an operation is. native/request/operations.h has the same rows; they are compared when the addon
 * is loaded.
 */

/**
 * Family of an operation, which determines its record: transfer to or from an open file; sync;
 * other operation on an open file; whole file by its path; operation on one or two paths, or on an
 * open file; times of a path or an open file.
 */
export type Family = 'transfer' | 'sync' | 'control' | 'wholeFile' | 'path' | 'times'

interface Row {
  readonly family: Family
  /** system call that errors name, as Node does: `read` and `write` for the vectored operations, too */
  readonly syscall: string
  /** how a positive result counts in bytes */
  readonly counts?: 'read' | 'written'
  /** number of paths per request */
  readonly paths?: 1 | 2
  /** changes what a path refers to, or its attributes */
  readonly changes?: true
  /** can be done at once if the kernel has the path in memory: {@link Backend.attempt} */
  readonly inline?: true
}

const rows = {
  read: { family: 'transfer', syscall: 'read', counts: 'read' },
  write: { family: 'transfer', syscall: 'write', counts: 'written' },
  readv: { family: 'transfer', syscall: 'read', counts: 'read' },
  writev: { family: 'transfer', syscall: 'write', counts: 'written' },
  fsync: { family: 'sync', syscall: 'fsync' },
  fdsync: { family: 'sync', syscall: 'fdatasync' },
  readFile: { family: 'wholeFile', syscall: 'open', counts: 'read', paths: 1 },
  writeFile: { family: 'wholeFile', syscall: 'open', counts: 'written', paths: 1, changes: true },
  findAlignment: { family: 'control', syscall: 'statx' },
  allocate: { family: 'control', syscall: 'fallocate' },
  punchHole: { family: 'control', syscall: 'fallocate' },
  zeroRange: { family: 'control', syscall: 'fallocate' },
  advise: { family: 'control', syscall: 'fadvise' },
  syncRange: { family: 'control', syscall: 'sync_file_range' },
  seekData: { family: 'control', syscall: 'lseek' },
  seekHole: { family: 'control', syscall: 'lseek' },
  copyFileRange: { family: 'control', syscall: 'copy_file_range' },
  lock: { family: 'control', syscall: 'fcntl' },
  stat: { family: 'path', syscall: 'stat', paths: 1, inline: true },
  lstat: { family: 'path', syscall: 'lstat', paths: 1, inline: true },
  access: { family: 'path', syscall: 'access', paths: 1, inline: true },
  readlink: { family: 'path', syscall: 'readlink', paths: 1 },
  realpath: { family: 'path', syscall: 'realpath', paths: 1, inline: true },
  rename: { family: 'path', syscall: 'rename', paths: 2, changes: true },
  link: { family: 'path', syscall: 'link', paths: 2, changes: true },
  symlink: { family: 'path', syscall: 'symlink', paths: 2, changes: true },
  unlink: { family: 'path', syscall: 'unlink', paths: 1, changes: true },
  mkdir: { family: 'path', syscall: 'mkdir', paths: 1, changes: true, inline: true },
  rmdir: { family: 'path', syscall: 'rmdir', paths: 1, changes: true },
  chmod: { family: 'path', syscall: 'chmod', paths: 1, changes: true },
  chown: { family: 'path', syscall: 'chown', paths: 1, changes: true },
  lchown: { family: 'path', syscall: 'lchown', paths: 1, changes: true },
  readdir: { family: 'path', syscall: 'scandir', paths: 1 },
  open: { family: 'path', syscall: 'open', paths: 1, inline: true },
  fstat: { family: 'path', syscall: 'fstat' },
  close: { family: 'control', syscall: 'close' },
  truncate: { family: 'path', syscall: 'open', paths: 1, changes: true },
  copyFile: { family: 'path', syscall: 'copyfile', paths: 2, changes: true },
  mkdtemp: { family: 'path', syscall: 'mkdtemp', paths: 1, changes: true },
  utimes: { family: 'times', syscall: 'utime', paths: 1, changes: true },
  lutimes: { family: 'times', syscall: 'lutime', paths: 1, changes: true },
  ftruncate: { family: 'control', syscall: 'ftruncate', changes: true },
  fchmod: { family: 'path', syscall: 'fchmod', changes: true },
  fchown: { family: 'path', syscall: 'fchown', changes: true },
  futimes: { family: 'times', syscall: 'futime', changes: true },
  readTree: { family: 'path', syscall: 'scandir', paths: 1 },
  makePath: { family: 'path', syscall: 'mkdir', paths: 1, changes: true },
  rm: { family: 'path', syscall: 'rm', paths: 1, changes: true },
  cp: { family: 'path', syscall: 'cp', paths: 2, changes: true },
  opendir: { family: 'path', syscall: 'opendir', paths: 1 },
  statfs: { family: 'path', syscall: 'statfs', paths: 1 },
  copyAttributes: { family: 'control', syscall: 'flistxattr' },
} as const satisfies Record<string, Row>

/** Name of an operation. */
export type OpcodeName = keyof typeof rows

type NamesOf<F extends Family> = { [K in OpcodeName]: (typeof rows)[K]['family'] extends F ? K : never }[OpcodeName]

/** Number of an operation: its index in the table. */
export type Opcode = number

/** Names by opcode. */
export const opcodeNames = Object.keys(rows) as OpcodeName[]
const table: readonly Row[] = Object.values(rows)

/** Opcodes by name. */
export const Opcode = Object.fromEntries(opcodeNames.map((name, opcode) => [name, opcode])) as Record<
  OpcodeName,
  Opcode
>

/** Names of operations on an open file, other than transfers and syncs. */
export type ControlName = NamesOf<'control'>

/** Names of operations on one or two paths. */
export type PathName = {
  [K in OpcodeName]: (typeof rows)[K] extends { family: 'path' | 'times'; paths: number } ? K : never
}[OpcodeName]

/** Names of the whole-file operations. */
export type WholeFileName = NamesOf<'wholeFile'>

/** System call that an operation's errors name. */
export function syscallOf(opcode: Opcode): string {
  return (table[opcode] as Row).syscall
}

export function familyOf(opcode: Opcode): Family {
  return (table[opcode] as Row).family
}

/** How a positive result counts; undefined if it is not a number of bytes moved. */
export function countsAs(opcode: Opcode): 'read' | 'written' | undefined {
  return (table[opcode] as Row).counts
}

/** Whether a transfer writes to the file. */
export function isWrite(opcode: Opcode): boolean {
  return opcode === Opcode.write || opcode === Opcode.writev
}

/** Number of paths per request. */
export function pathsOf(opcode: Opcode): number {
  return (table[opcode] as Row).paths ?? 0
}

/** Whether the operation can be attempted inline. */
export function isInline(opcode: Opcode): boolean {
  return (table[opcode] as Row).inline === true
}

/** Whether the operation changes what a path refers to, or its attributes. */
export function changesPaths(opcode: Opcode): boolean {
  return (table[opcode] as Row).changes === true
}
