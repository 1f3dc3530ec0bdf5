/**
 * Planned faults for a process with the fault library (library/) interposed, and the log of its
 * calls: a file that both map. library/plan.h has the same layout.
 */
import fs from 'node:fs'
import { constants } from 'node:os'

export const calls = [
  'io_setup',
  'io_submit',
  'io_getevents',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'iocb',
  'event',
  'preadv2',
  'pwritev2',
  'pread',
  'pwrite',
  'preadv',
  'pwritev',
  'fsync',
  'fdatasync',
  'sync_file_range',
  'ftruncate',
  'open',
  'openat2',
  'stat',
  'fstat',
  'fcntl',
  'eventfd',
  'signal',
  'clear',
  'poll',
  'thread',
  'malloc',
  'statx',
  'memfd',
  'rename',
  'link',
  'symlink',
  'readlink',
  'unlink',
  'mkdir',
  'rmdir',
  'chmod',
  'chown',
  'utimes',
  'opendir',
  'readdir',
  'mkdtemp',
  'realpath',
  'access',
  'statfs',
  'copy',
  'close',
] as const
export type Call = (typeof calls)[number]

const actions = { fail: 1, short: 2, hold: 3, late: 4, lateWake: 5, spurious: 6 } as const

export interface Rule {
  call: Call
  /** first use of the call, counted from 1 since arming, that the rule is for */
  first: number
  /** number of uses from there on */
  count?: number
  action: keyof typeof actions
  /** an errno by its name, bytes, requests, milliseconds to hold, or microseconds to be late */
  argument?: string | number
}

/** What happens to a call, whichever and whenever. */
export type Fault = Pick<Rule, 'action' | 'argument'>

export const fails = (...names: string[]): Fault[] => names.map((argument) => ({ action: 'fail', argument }))
export const shorts = (...counts: number[]): Fault[] => counts.map((argument) => ({ action: 'short', argument }))

export interface Entry {
  call: Call
  fd: number
  result: number
  /** points in time: what begins after another has ended has the higher number */
  begin: number
  end: number
  offset: number
  length: number
}

/** A call on a name, whoever made it. */
export interface Named {
  call: Call
  path: string
}

const MOST_RULES = 16
const MOST_ENTRIES = 16384
const MOST_CALLS = 64
const MOST_NAMED = 2048
const ENTRY = 10
/** bytes of a path, and of a logged one */
const PATH = 64
const NAMED = 64

const RULES = 10 + 2 * MOST_CALLS
const LOG = RULES + 5 * MOST_RULES + 2
const ROOT = LOG + ENTRY * MOST_ENTRIES

/** offsets, in numbers of 32 bits */
const At = {
  armed: 0,
  emulated: 1,
  rules: 2,
  held: 3,
  released: 4,
  lost: 5,
  logging: 6,
  inode: 8,
  uses: 10,
  injected: 10 + MOST_CALLS,
  rule: RULES,
  entries: LOG - 2,
  log: LOG,
  root: ROOT,
  place: ROOT + PATH,
  usesOfPlace: ROOT + 2 * PATH,
  namedCount: ROOT + 2 * PATH + MOST_CALLS,
  named: ROOT + 2 * PATH + MOST_CALLS + 1,
}
const SIZE = (At.named + NAMED * MOST_NAMED) * 4

export class Plan {
  readonly #fd: number

  constructor(readonly path: string) {
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT)
    if (fs.fstatSync(this.#fd).size < SIZE) fs.ftruncateSync(this.#fd, SIZE)
  }

  #read(at: number, count: number): Int32Array {
    const numbers = new Int32Array(count)
    fs.readSync(this.#fd, numbers, 0, count * 4, at * 4)
    return numbers
  }

  #write(at: number, ...numbers: number[]): void {
    fs.writeSync(this.#fd, Int32Array.from(numbers), 0, numbers.length * 4, at * 4)
  }

  /** Starts counting calls, from zero, and following these rules. */
  arm(rules: readonly Rule[] = []): void {
    if (rules.length > MOST_RULES) throw new Error('too many rules')
    const numbers = rules.flatMap(({ call, first, count = 1, action, argument = 0 }) => {
      const number = typeof argument === 'number' ? argument : (constants.errno as Record<string, number>)[argument]
      if (number === undefined) throw new Error(`no such errno: ${argument}`)
      return [calls.indexOf(call), first, count, actions[action], number]
    })
    this.disarm()
    this.#write(At.uses, ...new Array<number>(2 * MOST_CALLS).fill(0))
    this.#write(At.usesOfPlace, ...new Array<number>(MOST_CALLS + 1).fill(0))
    this.#write(At.released, 0)
    if (numbers.length > 0) this.#write(At.rule, ...numbers)
    this.#write(At.rules, rules.length)
    this.#write(At.armed, 1)
  }

  #writePath(at: number, path: string): void {
    const bytes = Buffer.alloc(PATH * 4)
    if (bytes.write(path) === bytes.length) throw new Error(`too long: ${path}`)
    fs.writeSync(this.#fd, bytes, 0, bytes.length, at * 4)
  }

  /** From now on only calls on names below this directory count, whoever makes them. */
  set root(path: string) {
    this.#writePath(At.root, path)
  }

  /** The path that rules are for, below the root. */
  set place(path: string) {
    this.#writePath(At.place, path)
  }

  /** Calls below the root since arming. */
  get named(): Named[] {
    const count = this.#read(At.namedCount, 1)[0] as number
    if (count > MOST_NAMED) throw new Error(`the log is too small for ${count} calls`)
    const bytes = Buffer.alloc(count * NAMED * 4)
    fs.readSync(this.#fd, bytes, 0, bytes.length, At.named * 4)
    return Array.from({ length: count }, (_, index) => {
      const one = bytes.subarray(index * NAMED * 4, (index + 1) * NAMED * 4)
      return { call: calls[one.readInt32LE(0)] as Call, path: one.toString('utf8', 4, one.indexOf(0, 4)) }
    })
  }

  disarm(): void {
    this.#write(At.armed, 0)
  }

  /** Emulates contexts set up from now on: reaped from the ring, or by io_getevents. */
  emulate(reaping: 'ring' | 'io_getevents'): void {
    this.#write(At.emulated, reaping === 'ring' ? 1 : 2)
  }

  /** Counts libuv's calls on this file, too. */
  watch(fd: number): void {
    const inode = Buffer.alloc(8)
    inode.writeBigInt64LE(fs.fstatSync(fd, { bigint: true }).ino)
    fs.writeSync(this.#fd, inode, 0, 8, At.inode * 4)
  }

  log(): void {
    this.#write(At.logging, 1)
  }

  /** Releases all calls that are held, and those that would be. */
  release(): void {
    this.#write(At.released, 1)
  }

  /** Number of calls held at this moment. */
  get held(): number {
    return this.#read(At.held, 1)[0] as number
  }

  /** Number of transfers to or from memory that had been freed. */
  get lost(): number {
    return this.#read(At.lost, 1)[0] as number
  }

  #counts(at: number): Partial<Record<Call, number>> {
    const numbers = this.#read(at, calls.length)
    return Object.fromEntries(
      calls.map((call, index) => [call, numbers[index] as number] as const).filter(([, n]) => n > 0),
    )
  }

  get uses(): Partial<Record<Call, number>> {
    return this.#counts(At.uses)
  }

  get injected(): Partial<Record<Call, number>> {
    return this.#counts(At.injected)
  }

  get entries(): Entry[] {
    const count = this.#read(At.entries, 1)[0] as number
    if (count > MOST_ENTRIES) throw new Error(`the log is too small for ${count} calls`)
    const numbers = this.#read(At.log, count * ENTRY)
    const wide = new BigInt64Array(numbers.buffer)
    return Array.from({ length: count }, (_, index) => {
      const [call = 0, fd = 0, result = 0, begin = 0, end = 0] = numbers.subarray(index * ENTRY)
      const [offset = 0n, length = 0n] = wide.subarray(index * (ENTRY / 2) + 3)
      return { call: calls[call] as Call, fd, result, begin, end, offset: Number(offset), length: Number(length) }
    })
  }
}
