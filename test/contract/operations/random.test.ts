/** Thousands of operations of every kind at once, compared with a plain Buffer. */
// @thorough
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

const SIZE = 1024 * 1024
const ROUNDS = 40
const OPERATIONS = 100

/** xorshift32: the same numbers on every run. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Cuts a view into up to five, some of them empty. */
function cut(view: Buffer, random: (below: number) => number): Buffer[] {
  const at = Array.from({ length: random(5) }, () => random(view.length + 1)).sort((a, b) => a - b)
  return [0, ...at].map((from, i) => view.subarray(from, at[i] ?? view.length))
}

onEveryBackend(t, 'random operations agree with a model', async (t, backend) => {
  const { fd, path } = temporaryFile(t, Buffer.alloc(SIZE))
  const model = Buffer.alloc(SIZE)
  for (const maxRequests of [1, 5, 512]) {
    const random = generator(20_250_000 + maxRequests)
    const context = makeContext(t, backend, { maxRequests })
    for (let round = 0; round < ROUNDS; round++) {
      // Disjoint regions, since concurrent operations on the same bytes have no order.
      const borders = Array.from({ length: OPERATIONS }, () => random(SIZE)).sort((a, b) => a - b)
      const operations = borders.map(async (from, i) => {
        const to = borders[i + 1] ?? SIZE
        const view = Buffer.alloc(to - from, random(256))
        const kind = random(6)
        if (kind === 0) {
          return (await context.read(view, fd, from)) === view.length && view.equals(model.subarray(from, to))
        }
        if (kind === 1) {
          return (
            (await context.readv(cut(view, random), fd, from)) === view.length && view.equals(model.subarray(from, to))
          )
        }
        if (kind === 2) return (await context.read(view.length, fd, from)).equals(model.subarray(from, to))
        if (kind === 3) return (await context.fdsync(fd)) === undefined
        view.copy(model, from)
        if (kind === 4) return (await context.write(view, fd, from)) === view.length
        return (await context.writev(cut(view, random), fd, from)) === view.length
      })
      const wrong = (await Promise.all(operations)).indexOf(false)
      if (wrong >= 0) t.fail(`round ${round}, operation ${wrong}`)
    }
    t.ok(fs.readFileSync(path).equals(model), `${ROUNDS * OPERATIONS} operations with maxRequests ${maxRequests}`)
    t.match(context.stats(), { completed: ROUNDS * OPERATIONS, failed: 0, inFlight: 0, waiting: 0 })
  }
})
