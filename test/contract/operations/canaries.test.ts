/**
 * A Context touches only the memory that it is given, of that no more than was read, and writes no
 * other bytes.
 */
// @thorough
import fs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { CANARY, Arena, content, edgeLengths, liar, memoryKinds, wroteOnly } from '../../support/arena.js'
import { makeContext, onEveryBackend, resizableBuffer, temporaryFile, untyped } from '../../support/harness.js'

const SIZE = 70_000
const positions = [0, 1, 4095, SIZE - 4097, SIZE - 1, SIZE, SIZE + 1, 2 ** 40]
const before = content(SIZE)

/** Counts checks, and describes the first failure. */
class Checks {
  count = 0
  #failure: string | undefined

  check(holds: boolean, what: string): void {
    this.count++
    if (!holds) this.#failure ??= what
  }

  end(t: Test): void {
    t.equal(this.#failure, undefined, `${this.count} checks`)
    t.comment(`counted: ${t.name}: ${this.count} checks`)
  }
}

/** Splits the view into three pieces, one of them empty. */
function pieces(view: Uint8Array): Uint8Array[] {
  const at = view.length >> 2
  return [view.subarray(0, at), view.subarray(0, 0), view.subarray(at)]
}

onEveryBackend(t, 'reads at every edge', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, before)
  const checks = new Checks()
  for (const kind of memoryKinds) {
    for (const length of edgeLengths) {
      for (const position of positions) {
        const count = Math.max(0, Math.min(length, SIZE - position))
        const single = new Arena(kind, length, position % 3)
        const vector = new Arena(kind, length, 1)
        const [one, many] = await Promise.all([
          context.read(single.view, fd, position),
          context.readv(pieces(vector.view), fd, position),
        ])
        checks.check(
          one === count && single.holdsOnly(0, count, position),
          `read of ${length} at ${position} into ${kind}`,
        )
        checks.check(
          many === count && vector.holdsOnly(0, count, position),
          `readv of ${length} at ${position} into ${kind}`,
        )
      }
    }
  }
  checks.end(t)
})

onEveryBackend(t, 'writes at every edge', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, before)
  const checks = new Checks()
  for (const kind of memoryKinds) {
    for (const length of edgeLengths) {
      for (const position of positions.slice(0, -1)) {
        const arena = new Arena(kind, length, position % 3)
        arena.fill()
        checks.check((await context.write(arena.view, fd, position)) === length, 'written')
        checks.check(wroteOnly(path, before, position, arena.view), `write of ${length} at ${position} from ${kind}`)
        checks.check((await context.writev(pieces(arena.view), fd, position)) === length, 'written')
        checks.check(wroteOnly(path, before, position, arena.view), `writev of ${length} at ${position} from ${kind}`)
      }
    }
  }
  checks.end(t)
})

onEveryBackend(t, 'what is refused touches nothing', async (t, backend) => {
  const context = untyped(makeContext(t, backend))
  const { path, fd } = temporaryFile(t, before)
  const checks = new Checks()
  const odd = [NaN, -1, -0.5, 1.5, Infinity, -Infinity, 2 ** 53, -(2 ** 63), '0', null, 4n, {}, [], true]
  for (const value of odd) {
    for (const method of ['read', 'write', 'readv', 'writev'] as const) {
      for (const place of ['fd', 'offset', 'priority', 'options.priority', 'in the list']) {
        const arena = new Arena('ArrayBuffer', 64)
        const list = method.endsWith('v')
        if (place === 'in the list' && !list) continue
        // An object in place of a priority is options; here they are empty.
        if (place === 'priority' && Object.prototype.toString.call(value) === '[object Object]') continue
        const target = list ? (place === 'in the list' ? [arena.view, value] : [arena.view]) : arena.view
        const options = place === 'priority' ? value : { priority: place === 'options.priority' ? value : 0 }
        const args = [place === 'fd' ? value : fd, place === 'offset' ? value : 0, options]
        const settled = await context[method](target, ...args).then(
          () => 'fulfilled',
          () => 'rejected',
        )
        checks.check(settled === 'rejected' && arena.holdsOnly(0, 0, 0), `${method}: ${String(value)} as ${place}`)
      }
    }
  }
  t.ok(fs.readFileSync(path).equals(before), 'and the file is as it was')
  checks.end(t)
})

onEveryBackend(t, 'a negative zero is zero', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, before)
  const arena = new Arena('ArrayBuffer', 64)
  t.equal(await context.read(arena.view, fd, -0, -0), 64)
  t.ok(arena.holdsOnly(0, 64, 0))
  t.equal((await context.read(-0, fd)).length, 0)
})

onEveryBackend(t, 'a view that lies about its length', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, before)
  for (const claimed of [0, 1, 63, 65, 5000, 2 ** 31, 2 ** 53, -1, NaN, 1.5]) {
    for (const method of ['read', 'write'] as const) {
      for (const list of [false, true]) {
        const arena = new Arena('ArrayBuffer', 64)
        const view = liar(arena.view, claimed)
        const action = list ? context[`${method}v`]([view], fd) : context[method](view, fd)
        const moved = await action.catch((error: NodeJS.ErrnoException) => error.code)
        const within = typeof moved !== 'number' || (moved >= 0 && moved <= 64)
        const count = typeof moved === 'number' ? moved : 0
        const name = `${method}${list ? 'v' : ''}: 64 bytes that say ${claimed}: ${moved}`
        if (method === 'read') t.ok(within && arena.holdsOnly(0, count, 0), name)
        else t.ok(within && wroteOnly(path, before, 0, new Uint8Array(count).fill(CANARY)), name)
      }
    }
  }
})

onEveryBackend(t, 'a list that is another one each time it is looked at', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, before)
  const seconds: (() => unknown)[] = [
    () => new Arena('ArrayBuffer', 64).view,
    () => new Uint8Array(1),
    () => new Uint8Array(100_000),
    () => undefined,
    () => 'text',
    () => ({ byteLength: 64, buffer: new ArrayBuffer(64), byteOffset: 0 }),
  ]
  for (const second of seconds) {
    for (const method of ['readv', 'writev'] as const) {
      const arena = new Arena('ArrayBuffer', 64)
      const other = second()
      let looks = 0
      const list = Object.defineProperty([arena.view], 0, {
        get: () => (looks++ === 0 ? arena.view : other),
      }) as Uint8Array[]
      const moved = await context[method](list, fd).catch((error: NodeJS.ErrnoException) => error.code)
      if (method === 'readv') t.ok(arena.holdsOnly(0, 0, 0) || arena.holdsOnly(0, 64, 0), `readv: ${moved}`)
      else t.ok(fs.readFileSync(path).subarray(100_000).length === 0, `writev: ${moved}`)
      fs.writeFileSync(path, before)
    }
  }
})

onEveryBackend(t, 'memory that grows and shrinks under an operation', async (t, backend) => {
  const context = makeContext(t, backend)
  const size = 1024 * 1024
  const file = content(size)
  const { fd } = temporaryFile(t, file)
  const checks = new Checks()
  for (let round = 0; round < 40; round++) {
    // The view ends before the memory does, and the memory is resized.
    const buffer = resizableBuffer(size + 4096, 2 * size)
    const all = new Uint8Array(buffer)
    all.fill(CANARY)
    const view = round % 2 ? new Uint8Array(buffer, 4096, size - 4096) : new Uint8Array(buffer, 4096)
    const length = view.length
    const reading = context.read(view, fd, 0).catch((error: NodeJS.ErrnoException) => error.code)
    for (let turn = 0; turn < round % 5; turn++) await undefined
    buffer.resize([2 * size, 8192, 4096, 0, size][round % 5] as number)
    const read = await reading
    checks.check(read === 'EFAULT' || (typeof read === 'number' && read <= length), `read: ${read}`)
    buffer.resize(2 * size)
    const now = new Uint8Array(buffer)
    // A canary, or the zero of memory after shrinking; never a byte of the file after the view.
    const untouched = (byte: number): boolean => byte === CANARY || byte === 0
    checks.check(
      now.subarray(0, 4096).every(untouched) && now.subarray(4096 + length).every(untouched),
      `round ${round}`,
    )
    checks.check(
      now.subarray(4096, 4096 + length).every((byte, at) => untouched(byte) || byte === file[at]),
      `round ${round}`,
    )
  }
  checks.end(t)
})

onEveryBackend(t, 'what is given out holds nobody else’s bytes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, before)
  const checks = new Checks()
  for (const length of edgeLengths) {
    for (const position of positions) {
      // Frees memory with canaries, for the next allocation to find.
      Buffer.alloc(length + 1, CANARY)
      const given = await context.read(length, fd, position)
      const whole = new Uint8Array(given.buffer)
      const behind = whole.subarray(given.byteOffset + given.length)
      checks.check(given.equals(before.subarray(position, position + length)), `read ${length} at ${position}`)
      checks.check(
        whole.length === length && behind.every((byte) => byte === 0),
        `and behind it zeros, ${length} at ${position}`,
      )
    }
  }
  checks.end(t)
})
