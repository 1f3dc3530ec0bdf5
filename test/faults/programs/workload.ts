/**
 * Every kind of operation at once, on one file, with its required effect: for runs with faults. A
 * success has moved the right bytes, a failure only its own, and the rest of the file is unchanged.
 */
import fs from 'node:fs'
import { defaultContext } from 'caio'
import caioFs from 'caio/fs'
import { alignedMemory } from '../../support/harness.js'

const BLOCK = 4096
const BLOCKS = 96
/** More than an inline attempt takes. */
const LARGE = 80 * 1024
const MARGIN = 0xee

type Kind = 'read' | 'write' | 'sync' | 'whole'
/** Resolves to the bytes moved; to 0 for a sync, and for a whole file with the right content. */
type Work = () => Promise<number>

interface Task {
  name: string
  kind: Kind
  work: Work
  /** of a read or write: position and length in bytes */
  at: number
  length: number
  memory: Buffer[]
}

export interface Outcome {
  name: string
  kind: Kind
  length: number
  /** bytes moved, or the code of the error */
  result: number | string
}

export interface Run {
  outcomes: Outcome[]
  /** violations, whatever the faults */
  faults: string[]
}

function pattern(seed: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i += 4) bytes.writeInt32LE(Math.imul(seed + 1, 2654435761) ^ Math.imul(at + i, 40503), i)
  return bytes
}

const sum = (buffers: readonly Buffer[]): number => buffers.reduce((total, { length }) => total + length, 0)

export class Workload {
  readonly #context = defaultContext()
  readonly #paths: readonly string[]
  readonly #aligned: Buffer
  #round = 0

  constructor(readonly directory: string) {
    // Two files in turn: what the engine has learned of one must not be applied to the other.
    this.#paths = ['a', 'b'].map((name) => `${directory}/${name}`)
    for (const path of this.#paths) fs.writeFileSync(path, pattern(0, 0, BLOCKS * BLOCK))
    const direct = fs.openSync(this.#paths[0] as string, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
    this.#aligned = alignedMemory(direct, 16 * BLOCK)
    fs.closeSync(direct)
  }

  /** Runs all tasks. `begin` is called when everything is ready, `end` when all have settled. */
  async run(begin: (fd: number) => void, end: () => void): Promise<Run> {
    const round = ++this.#round
    const path = this.#paths[round % 2] as string
    const before = pattern(round, 0, BLOCKS * BLOCK)
    fs.writeFileSync(path, before)
    const fd = fs.openSync(path, 'r+')
    const direct = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DIRECT)
    fs.fsyncSync(direct)
    const tasks = this.#tasks(fd, direct, before, round)
    const completed = this.#context.stats().completed
    begin(fd)
    const settled = await Promise.allSettled(tasks.map(({ work }) => work()))
    end()
    const outcomes = tasks.map(({ name, kind, length }, index): Outcome => {
      const { value, reason } = settled[index] as { value?: number; reason?: NodeJS.ErrnoException }
      return { name, kind, length, result: reason ? (reason.code ?? String(reason)) : (value as number) }
    })
    const faults = this.#check(tasks, outcomes, before, path)
    const { completed: now, inFlight, waiting } = this.#context.stats()
    // A whole file takes one operation, or more, or is left to Node.
    const least = tasks.filter(({ kind }) => kind !== 'whole').length
    if (now - completed < least || inFlight + waiting > 0) {
      faults.push(`${now - completed} completed, ${inFlight} in flight, ${waiting} waiting`)
    }
    fs.closeSync(fd)
    fs.closeSync(direct)
    return { outcomes, faults }
  }

  #tasks(fd: number, direct: number, before: Buffer, round: number): Task[] {
    const context = this.#context
    const tasks: Task[] = []
    let at = 0
    let aligned = 0
    const own = (...lengths: number[]): Buffer[] => lengths.map((length) => Buffer.alloc(length, MARGIN))
    const forDirect = (...blocks: number[]): Buffer[] =>
      blocks.map((count) => this.#aligned.subarray(aligned, (aligned += count * BLOCK)).fill(MARGIN))
    const add = (name: string, kind: Kind, memory: Buffer[], work: (at: number) => Promise<number>): void => {
      const length = sum(memory)
      const start = at
      at += Math.ceil(length / BLOCK) * BLOCK
      if (kind === 'write') {
        memory.reduce((from, part) => (pattern(round + 7, from, part.length).copy(part), from + part.length), start)
      }
      tasks.push({ name, kind, at: start, length, memory, work: () => work(start) })
    }
    for (const [where, file, memory] of [
      ['buffered', fd, own],
      ['direct', direct, forDirect],
    ] as const) {
      const unit = where === 'direct' ? 1 : BLOCK
      for (let i = 0; i < 2; i++) {
        const [one] = memory(unit) as [Buffer]
        add(`${where} read`, 'read', [one], (offset) => context.read(one, file, offset))
        const [out] = memory(unit) as [Buffer]
        add(`${where} write`, 'write', [out], (offset) => context.write(out, file, offset))
      }
      const parts = memory(unit, 2 * unit)
      add(`${where} readv`, 'read', parts, (offset) => context.readv(parts, file, offset))
      const outs = memory(2 * unit, unit)
      add(`${where} writev`, 'write', outs, (offset) => context.writev(outs, file, offset))
      add(`${where} fdsync`, 'sync', [], () => context.fdsync(file).then(() => 0))
    }
    const [large, long] = own(LARGE, LARGE) as [Buffer, Buffer]
    add('large read', 'read', [large], (offset) => context.read(large, fd, offset))
    add('large write', 'write', [long], (offset) => context.write(long, fd, offset))
    add('fsync', 'sync', [], () => context.fsync(fd).then(() => 0))
    add('fdsync', 'sync', [], () => context.fdsync(fd).then(() => 0))
    if (at > before.length) throw new Error('the file is too small')
    this.#addWholeFiles(add, round)
    return tasks
  }

  #addWholeFiles(add: (name: string, kind: Kind, memory: Buffer[], work: Work) => void, round: number): void {
    const content = pattern(round, 5, 9000)
    const target = `${this.directory}/whole`
    const source = `${this.directory}/source`
    fs.writeFileSync(source, content)
    add('readFile', 'whole', [], async () => Buffer.compare(await caioFs.readFile(source), content))
    add('writeFile', 'whole', [], async () => {
      await caioFs.writeFile(target, content)
      return Buffer.compare(fs.readFileSync(target), content)
    })
  }

  #check(tasks: readonly Task[], outcomes: readonly Outcome[], before: Buffer, path: string): string[] {
    const faults: string[] = []
    const after = fs.readFileSync(path)
    if (after.length !== before.length) faults.push(`the file has ${after.length} bytes`)
    for (const [index, { name, kind, at, length, memory }] of tasks.entries()) {
      const { result } = outcomes[index] as Outcome
      const moved = typeof result === 'number' ? result : 0
      const fail = (what: string): void => void faults.push(`${name} at ${at}, ${result} of ${length}: ${what}`)
      if (moved > length || moved < 0) fail('too many')
      if (kind === 'sync' || kind === 'whole') {
        if (moved !== 0) fail('not what was expected')
        continue
      }
      const bytes = Buffer.concat(memory)
      const old = before.subarray(at, at + length)
      const now = after.subarray(at, at + length)
      if (kind === 'read') {
        if (!bytes.subarray(0, moved).equals(old.subarray(0, moved))) fail('other bytes than the file has')
        if (!now.equals(old)) fail('a read has changed the file')
      } else {
        if (!now.subarray(0, moved).equals(bytes.subarray(0, moved))) fail('the file has other bytes')
        // Bytes not reported may have been written nevertheless, but no others.
        if (now.some((byte, i) => byte !== bytes[i] && byte !== old[i])) fail('bytes that are neither old nor new')
      }
    }
    return faults
  }
}
