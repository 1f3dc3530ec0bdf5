/** Memory at multiples of an alignment. */
import t from 'tap'
import { alignedBuffer } from 'caio'
import { addressRemainder } from '../../../lib/backends/address.js'
import { pageMemory } from '../../../lib/toolkit/aligned-buffer.js'
import { runProgram } from '../../support/harness.js'

t.test('every alignment, every size', async (t) => {
  for (let alignment = 1; alignment <= 2 ** 21; alignment *= 2) {
    for (const size of [0, 1, 511, 4096, 100_000]) {
      const buffer = alignedBuffer(size, alignment)
      if (buffer.length !== size) t.fail(`${buffer.length} bytes instead of ${size}`)
      if (!buffer.every((byte) => byte === 0)) t.fail('not zeroed')
      if (size > 0) t.equal(addressRemainder(buffer, alignment), 0, `${size} at ${alignment}`)
    }
  }
  t.equal(addressRemainder(alignedBuffer(10), 4096), 0, 'by default, a page')
})

t.test('it is ordinary memory, kept whole by any part of it', async (t) => {
  const buffer = alignedBuffer(4096)
  t.ok(buffer.buffer instanceof ArrayBuffer)
  t.ok(Buffer.isBuffer(buffer))
  t.equal(buffer.buffer.byteLength, 8192)
})

t.test('what is refused', async (t) => {
  for (const alignment of [0, 3, 4095, 2 ** 31, 1.5]) {
    t.throws(() => alignedBuffer(1, alignment), { code: 'ERR_OUT_OF_RANGE' }, String(alignment))
  }
  for (const size of [-1, 2 ** 31, NaN]) t.throws(() => alignedBuffer(size), { code: 'ERR_OUT_OF_RANGE' }, String(size))
  t.throws(() => alignedBuffer('1' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('memory of pages, for where there is no addon', async (t) => {
  for (const size of [1, 65_536, 100_000, 3_000_000]) {
    const memory = pageMemory(size)
    t.ok(memory.byteLength >= size)
    t.equal(addressRemainder(new Uint8Array(memory), 4096), 0, `${size} bytes start at a page`)
  }
  const ended = await runProgram(new URL('../programs/aligned.js', import.meta.url), [], { nodeArgs: ['--no-addons'] })
  t.match(ended, { code: 0, stderr: '', stdout: 'true true true ENOTSUP\n' })
})
