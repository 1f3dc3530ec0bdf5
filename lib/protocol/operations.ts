/** The operations that a backend serves. */

/** native/request/request.h has the same numbers. */
export const Opcode = { read: 0, write: 1, readv: 2, writev: 3, fsync: 4, fdsync: 5, readFile: 6, writeFile: 7, control: 8 } as const
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

export function isWrite(opcode: Opcode): boolean {
  return opcode === Opcode.write || opcode === Opcode.writev
}

export function isWholeFile(opcode: Opcode): boolean {
  return opcode === Opcode.readFile || opcode === Opcode.writeFile
}

/** The names of {@link Opcode}, by number. */
export const opcodeNames = ['read', 'write', 'readv', 'writev', 'fsync', 'fdsync', 'readFile', 'writeFile', 'control'] as const
/** What an operation does. */
export type OpcodeName = (typeof opcodeNames)[number]

/** The system call that an error names, by opcode; Node says `read` and `write` for the vectored ones, too. */
export const syscalls = ['read', 'write', 'read', 'write', 'fsync', 'fdatasync', 'open', 'open', 'fcntl'] as const
