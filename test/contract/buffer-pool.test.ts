/** BufferPool: blocks out and back, waiting, leaks. */
import t from 'tap'
import { Block, BufferPool } from 'caio'
import { addressRemainder } from '../../lib/backends/address.js'
import { rejectionOf, runProgram } from '../support/harness.js'

t.test('blocks go out and come back', async (t) => {
  const pool = new BufferPool({ blockSize: 8192, blocks: 2 })
  t.match(pool, { blockSize: 8192, blocks: 2, alignment: 4096, available: 2, waiting: 0, leaked: 0 })
  const [first, second] = [await pool.acquire(), await pool.acquire()]
  t.type(first, Block)
  t.equal(first.buffer.length, 8192)
  t.equal(addressRemainder(first.buffer, 4096), 0)
  t.not(first.buffer.buffer, second.buffer.buffer)
  t.equal(pool.available, 0)
  t.equal(pool.tryAcquire(), undefined, 'none is left')
  const memory = first.buffer
  first.release()
  t.equal(pool.available, 1)
  t.equal((await pool.acquire()).buffer, memory, 'the same memory again')
})

t.test('a block is given back once', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1, alignment: 512 })
  const block = await pool.acquire()
  block.release()
  t.throws(() => block.release(), { code: 'ERR_INVALID_STATE' })
  t.throws(() => block.buffer, { code: 'ERR_INVALID_STATE' }, 'and not used any more')
  block[Symbol.dispose]()
  t.equal(pool.available, 1)
})

t.test('using', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  {
    using block = await pool.acquire()
    t.equal(block.buffer.length, 512)
    t.equal(pool.available, 0)
  }
  t.equal(pool.available, 1)
  {
    using block = await pool.acquire()
    block.release()
  }
  t.equal(pool.available, 1, 'released before')
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

t.test('who waits can stop to', async (t) => {
  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  const held = await pool.acquire()
  const controller = new AbortController()
  const [aborted, patient] = [pool.acquire({ signal: controller.signal }), pool.acquire()]
  await undefined
  controller.abort(new Error('enough'))
  t.match(await rejectionOf(aborted), { name: 'AbortError', code: 'ABORT_ERR', cause: { message: 'enough' } })
  t.match(await rejectionOf(pool.acquire({ signal: controller.signal })), { code: 'ABORT_ERR' }, 'aborted before')
  held.release()
  t.type(await patient, Block, 'the other gets it')
  t.match(await rejectionOf(pool.acquire({ signal: {} as AbortSignal })), { code: 'ERR_INVALID_ARG_TYPE' })
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
  const ended = await runProgram(new URL('programs/leak.js', import.meta.url), [], { nodeArgs: ['--expose-gc'] })
  t.match(ended, { code: 0, stdout: 'leaked 2, available 2, the memory is another\n' })
  t.equal(ended.stderr.match(/CAIO_BLOCK_LEAKED/g)?.length, 1)
})
