/** Calls for more than the 2,147,479,552 bytes that Linux moves at once: they stop where Node stops. */
// @thorough node linux thread pure
import nodeFs from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { outcomeOf, same } from '../../support/differential.js'
import { fs, oracle, subject } from '../../support/subject.js'

const LARGEST_CALL = 0x7ffff000
/** The most that Node takes in one call. */
const LARGEST_LENGTH = 0x7fffffff
const obstacle = freemem() < 3 * LARGEST_LENGTH && `takes ${LARGEST_LENGTH} bytes of memory, and more`

t.setTimeout(300_000)

await t.test(`more than the kernel takes, on ${subject}`, { skip: obstacle }, async (t) => {
  const path = join(temporaryDirectory(t), 'sparse')
  nodeFs.writeFileSync(path, 'head')
  nodeFs.truncateSync(path, LARGEST_LENGTH + 100)
  const handle = await fs.open(path, 'r+')
  t.teardown(() => handle.close())
  const memory = Buffer.allocUnsafeSlow(LARGEST_LENGTH)
  t.equal((await handle.read(memory, 0, LARGEST_LENGTH, 0)).bytesRead, LARGEST_CALL, 'read')
  t.equal(memory.toString('latin1', 0, 4), 'head')
  // The same memory repeatedly.
  const parts = Array.from({ length: 33 }, () => memory.subarray(0, 64 * 1024 * 1024))
  t.equal((await handle.readv(parts, 0)).bytesRead, LARGEST_CALL, 'readv')
})

await t.test('files that are too large for readFile', async (t) => {
  const path = join(temporaryDirectory(t), 'sparse')
  nodeFs.writeFileSync(path, 'head')
  nodeFs.truncateSync(path, LARGEST_LENGTH + 1)
  const handle = await fs.open(path, 'r')
  t.teardown(() => handle.close())
  // A later version of Node may take them, and need memory for them.
  if (obstacle) return void t.pass(obstacle, { skip: obstacle })
  for (const options of [undefined, 'latin1', { encoding: null }] as const) {
    const expected = await outcomeOf(async () => (await oracle.readFile(path, options)).length)
    same(
      t,
      await outcomeOf(async () => (await fs.readFile(path, options)).length),
      expected,
      `by path, ${String(options)}`,
    )
    same(
      t,
      await outcomeOf(async () => (await handle.readFile(options)).length),
      expected,
      `by handle, ${String(options)}`,
    )
  }
})

// The other subjects share this code with linux, or with Node.
const skip = obstacle || (subject !== 'linux' && 'asked of linux')
await t.test('the largest that readFile takes', { skip }, async (t) => {
  const path = join(temporaryDirectory(t), 'sparse')
  nodeFs.writeFileSync(path, 'head')
  nodeFs.truncateSync(path, LARGEST_LENGTH)
  const fd = nodeFs.openSync(path, 'r+')
  nodeFs.writeSync(fd, 'tail', LARGEST_LENGTH - 4)
  nodeFs.closeSync(fd)
  const content = await fs.readFile(path)
  t.equal(content.length, LARGEST_LENGTH)
  t.equal(content.toString('latin1', 0, 4) + content.toString('latin1', LARGEST_LENGTH - 4), 'headtail')
})
