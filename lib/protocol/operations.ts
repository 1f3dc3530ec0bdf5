/**
 * The operations that a backend serves, one row each: their numbers, and all that follows from what
 * an operation is. native/request/operations.h has the same rows; they are compared when the addon
 * is loaded.
 */

/**
 * What an operation's record has: bytes to or from a file that is open; a sync; something else done
 * to an open file; a whole file, by its path.
 */
export type Family = 'transfer' | 'sync' | 'control' | 'wholeFile'

interface Row {
  readonly family: Family
  /** the system call that errors name, as Node does: `read` and `write` for the vectored ones, too */
  readonly syscall: string
  /** what a positive result counts as, in bytes */
  readonly counts?: 'read' | 'written'
}

const rows = {
  read: { family: 'transfer', syscall: 'read', counts: 'read' },
  write: { family: 'transfer', syscall: 'write', counts: 'written' },
  readv: { family: 'transfer', syscall: 'read', counts: 'read' },
  writev: { family: 'transfer', syscall: 'write', counts: 'written' },
  fsync: { family: 'sync', syscall: 'fsync' },
  fdsync: { family: 'sync', syscall: 'fdatasync' },
  readFile: { family: 'wholeFile', syscall: 'open', counts: 'read' },
  writeFile: { family: 'wholeFile', syscall: 'open', counts: 'written' },
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
} as const satisfies Record<string, Row>

/** What an operation does. */
export type OpcodeName = keyof typeof rows

type NamesOf<F extends Family> = { [K in OpcodeName]: (typeof rows)[K]['family'] extends F ? K : never }[OpcodeName]

/** The number of an operation: its place in the table. */
export type Opcode = number

/** By opcode. */
export const opcodeNames = Object.keys(rows) as OpcodeName[]
const table: readonly Row[] = Object.values(rows)

/** By name. */
export const Opcode = Object.fromEntries(opcodeNames.map((name, opcode) => [name, opcode])) as Record<
  OpcodeName,
  Opcode
>

/** The names of those that are done to an open file besides moving its bytes. */
export type ControlName = NamesOf<'control'>

/** The system call that an operation's errors name. */
export function syscallOf(opcode: Opcode): string {
  return (table[opcode] as Row).syscall
}

export function familyOf(opcode: Opcode): Family {
  return (table[opcode] as Row).family
}

/** What a positive result counts as; undefined where it is no number of bytes moved. */
export function countsAs(opcode: Opcode): 'read' | 'written' | undefined {
  return (table[opcode] as Row).counts
}

/** Of a transfer: whether it goes to the file. */
export function isWrite(opcode: Opcode): boolean {
  return opcode === Opcode.write || opcode === Opcode.writev
}
