/** BufferPool: acquire and release, several at once, adjacent ones, waiting, leaks. */
import fs from 'node:fs'
import t from 'tap'
import { Block, BufferPool } from 'caio'
import { addressRemainder } from '../../../lib/backends/address.js'
import { Slabs } from '../../../lib/toolkit/slabs.js'
import { random } from '../../support/seeded-random.js'
import { makeContext, onEveryBackend, rejectionOf, runProgram, temporaryFile } from '../../support/harness.js'

const start = ({ byteOffset }: Uint8Array): number => byteOffset

t.test('blocks go out and come back', async (t) => {
  const pool = new BufferPool({ blockSize: 8192, blocks: 2 })
  t.match(pool, { blockSize: 8192, blocks: 2, alignment: 4096, available: 2, waiting: 0, leaked: 0, longestRun: 2 })
  const [first, second] = [await pool.acquire(), await pool.acquire()]
  t.type(first, Block)
  t.equal(first.length, 8192)
  t.equal(addressRemainder(first, 4096), 0)
  t.equal(first.buffer, second.buffer, 'of one slab')
  t.equal(Math.abs(start(first) - start(second)), 8192, 'without a gap')
  t.equal(pool.available, 0)
  t.equal(pool.tryAcquire(), undefined, 'none is left')
  const memory = start(first)
  first.release()
  t.equal(pool.available, 1)
  t.equal(start(await pool.acquire()), memory, 'the same memory again')
})

onEveryBackend(t, 'a block is a view', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd, path } = temporaryFile(t, 'content')
  using block = await new BufferPool({ blockSize: 512, blocks: 1 }).acquire()
  t.ok(Buffer.isBuffer(block) && ArrayBuffer.isView(block))
  t.equal(await context.read(block, fd), 7)
  t.equal(block.toString('latin1', 0, 7), 'content')
  block.write('CON')
  t.equal(await context.writev([block.subarray(0, 3), block], fd), 515)
  t.equal(fs.readFileSync(path, 'latin1').slice(0, 10), 'CONCONtent')
  t.notOk(block.subarray(0, 3) instanceof Block)
  t.notOk(block.map((byte) => byte) instanceof Block, 'a copy is none')
})

t.test('a block is given back once', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1, alignment: 512 })
  const block = await pool.acquire()
  t.equal(block.isReleased, false)
  block.release()
  t.equal(block.isReleased, true)
  t.throws(() => block.release(), { code: 'ERR_INVALID_STATE' })
  t.throws(() => block.retain(), { code: 'ERR_INVALID_STATE' }, 'and not kept any more')
  block[Symbol.dispose]()
  t.equal(pool.available, 1)
})

t.test('using', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 3 })
  {
    using block = await pool.acquire()
    t.equal(block.length, 512)
    using blocks = await pool.acquireMany(2)
    blocks[0]?.release()
    t.equal(pool.available, 1)
  }
  t.equal(pool.available, 3)
  {
    using block = await pool.acquire()
    block.release()
  }
  t.equal(pool.available, 3, 'released before')
})

t.test('who retains a block keeps it', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  const block = await pool.acquire()
  const other = block.retain()
  t.equal(start(other), start(block), 'the same memory')
  block.release()
  t.throws(() => block.release(), { code: 'ERR_INVALID_STATE' }, "nobody releases another's")
  t.equal(pool.available, 0)
  const third = other.retain()
  other.release()
  t.equal(pool.available, 0)
  third.release()
  t.equal(pool.available, 1)
})

t.test('who comes first is served first', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  const held = await pool.acquire()
  const order: number[] = []
  const waiting = [0, 1, 2].map(async (i) => {
    using _ = await pool.acquire()
    order.push(i)
  })
  await undefined
  t.equal(pool.waiting, 3)
  held.release()
  await Promise.all(waiting)
  t.same(order, [0, 1, 2])
  t.match(pool, { available: 1, waiting: 0 })
})

t.test('several at once', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 4 })
  // Two scans that want two blocks each, with three left.
  const held = await pool.acquire()
  const order: string[] = []
  const scan = async (name: string): Promise<void> => {
    using blocks = await pool.acquireMany(2)
    t.equal(new Set(blocks.map(start)).size, 2)
    order.push(`${name} has both`)
    await new Promise(setImmediate)
    order.push(`${name} ends`)
  }
  const scans = [scan('first'), scan('second')]
  await undefined
  t.equal(pool.waiting, 1)
  t.equal(pool.tryAcquire(), undefined, 'nobody comes before who waits')
  const late = pool.acquire().then((block) => {
    order.push('late')
    block.release()
  })
  await Promise.all([...scans, late])
  t.same(order, ['first has both', 'first ends', 'second has both', 'late', 'second ends'])
  held.release()
  t.equal((await pool.acquireMany(4)).length, 4)
  t.match(await rejectionOf(pool.acquireMany(5)), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(pool.acquireMany(0)), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('adjacent ones', async (t) => {
  const pool = new BufferPool({ blockSize: 4096, blocks: 8 })
  const singles = await pool.acquireMany(8)
  const run = pool.acquireRun(3)
  const late = pool.acquire()
  const inOrder = [...singles].sort((a, b) => start(a) - start(b))
  await undefined
  for (const at of [0, 2, 4, 6]) inOrder[at]?.release()
  await new Promise(setImmediate)
  t.equal(pool.waiting, 2, 'four are free, but no three that are adjacent')
  const first = start(inOrder[4]!)
  inOrder[5]?.release()
  using three = await run
  t.same([three.length, start(three)], [3 * 4096, first])
  t.equal(addressRemainder(three, 4096), 0)
  ;(await late).release()
  t.match(await rejectionOf(pool.acquireRun(9)), { code: 'ERR_OUT_OF_RANGE' })
  t.equal(new BufferPool({ blockSize: 2 ** 20, blocks: 100 }).longestRun, 4)
  t.equal(new BufferPool({ blockSize: 2 ** 23, blocks: 100 }).longestRun, 1)
})

t.test('who waits can stop to', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 2 })
  const [held, kept] = [await pool.acquire(), await pool.acquire()]
  const controller = new AbortController()
  const { signal } = controller
  const [aborted, patient] = [pool.acquireMany(2, { signal }), pool.acquire()]
  await undefined
  kept.release()
  await new Promise(setImmediate)
  t.equal(pool.waiting, 2)
  controller.abort(new Error('enough'))
  t.match(await rejectionOf(aborted), { name: 'AbortError', code: 'ABORT_ERR', cause: { message: 'enough' } })
  t.type(await patient, Block, 'who wants less gets it at once')
  t.match(await rejectionOf(pool.acquire({ signal })), { code: 'ABORT_ERR' }, 'aborted before')
  held.release()
  t.match(await rejectionOf(pool.acquire({ signal: {} as AbortSignal })), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('what was given before the pool is disposed of stays good', async (t) => {
  const make = (): BufferPool => new BufferPool({ blockSize: 512, blocks: 4, alignment: 512 })
  const early = make()
  const [one, many, run] = [early.acquire(), early.acquireMany(2), early.acquireRun(1)]
  early.dispose()
  const [block, blocks, adjacent] = [await one, await many, await run]
  const all = [block, ...blocks, adjacent]
  t.same(
    all.map(({ length }) => length),
    [512, 512, 512, 512],
  )
  for (const [at, each] of all.entries()) each.fill(at)
  t.ok(
    all.every((each, at) => each.every((byte) => byte === at)),
    'each has memory of its own',
  )

  const waited = new BufferPool({ blockSize: 512, blocks: 1, alignment: 512 })
  const held = await waited.acquire()
  const waiting = waited.acquire()
  held.release()
  waited.dispose()
  const given = await waiting
  t.equal(given.length, 512)
  const other = given.retain()
  given.release()
  t.equal(other.length, 512)
  t.equal(start(other), start(given), 'the same memory')
  other.release()
  for (const each of all) each.release()
  t.match(early, { available: 0, leaked: 0 })
})

t.test('dispose', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 2 })
  const [block, other] = await pool.acquireMany(2)
  block?.fill('x')
  const waiting = pool.acquire()
  await undefined
  pool.dispose()
  t.match(await rejectionOf(waiting), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(pool.acquire()), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(pool.acquireMany(1)), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(pool.acquireRun(1)), { code: 'ERR_INVALID_STATE' })
  t.equal(pool.tryAcquire(), undefined)
  t.equal(block?.toString(), 'x'.repeat(512), 'what is out stays good')
  block?.release()
  other?.release()
  pool[Symbol.dispose]()
  t.match(pool, { available: 0, waiting: 0 })
})

t.test('what is refused', async (t) => {
  for (const options of [
    { blockSize: 0, blocks: 1 },
    { blockSize: 1, blocks: 0 },
    { blockSize: 1, blocks: 1, alignment: 3 },
  ]) {
    t.throws(() => new BufferPool(options), { code: 'ERR_OUT_OF_RANGE' })
  }
})

t.test('a leak is told of once, and its place is had again', async (t) => {
  const ended = await runProgram(new URL('../programs/leak.js', import.meta.url), [], { nodeArgs: ['--expose-gc'] })
  t.match(ended, { code: 0, stdout: 'leaked 2, available 2, the memory is another\n' })
  t.equal(ended.stderr.match(/CAIO_BLOCK_LEAKED/g)?.length, 1)
})

t.test('a pool that goes with its blocks has lost nothing', async (t) => {
  const ended = await runProgram(new URL('../programs/pool-gone.js', import.meta.url), [], {
    nodeArgs: ['--expose-gc'],
  })
  t.match(ended, { code: 0, stdout: /dropped/ })
  t.match(ended.stdout, 'served after 1 leak')
  t.equal(ended.stderr.match(/CAIO_BLOCK_LEAKED/g)?.length, 1, 'the one of the pool that was in use')
})

t.test('slots against a plain list', async (t) => {
  const seed = Number(process.env['CAIO_TEST_SEED'] ?? Date.now() % 1_000_000_000)
  const next = random(seed)
  for (let round = 0; round < 40; round++) {
    const slabs = new Slabs(512, 512, 1 + next(40))
    const taken: boolean[] = []
    const out: { slot: number; count: number }[] = []
    const runFrom = (count: number): number => {
      for (let slot = 0; slot + count <= taken.length; slot++) {
        const isOfOneSlab = slot % slabs.perSlab <= slabs.perSlab - count
        if (isOfOneSlab && !taken.slice(slot, slot + count).includes(true)) return slot
      }
      return -1
    }
    for (let step = 0; step < 200; step++) {
      const count = 1 + next(Math.min(5, slabs.perSlab))
      if (next(20) === 0 && taken.length < 200) {
        slabs.grow(slabs.perSlab)
        for (let slot = 0; slot < slabs.perSlab; slot++) taken.push(false)
      } else if (next(2) === 0 && out.length > 0) {
        const [given] = out.splice(next(out.length), 1)
        slabs.give(given!.slot, given!.count)
        taken.fill(false, given!.slot, given!.slot + given!.count)
        const around = slabs.takeRunAround(given!.slot, count)
        if (around >= 0) {
          if (taken.slice(around, around + count).includes(true)) t.fail(`seed ${seed}: a run twice`)
          slabs.give(around, count)
        } else if (count <= given!.count) {
          t.fail(`seed ${seed}: a run that is there is not found`)
        }
      } else {
        const slot = count === 1 ? slabs.take() : slabs.takeRun(count)
        if (slot < 0 !== runFrom(count) < 0) t.fail(`seed ${seed}: ${count} slots: ${slot}, ${runFrom(count)}`)
        if (slot < 0) continue
        if (taken.slice(slot, slot + count).includes(true)) t.fail(`seed ${seed}: slot ${slot} twice`)
        taken.fill(true, slot, slot + count)
        out.push({ slot, count })
      }
    }
  }
  t.pass(`seed ${seed}`)
})
