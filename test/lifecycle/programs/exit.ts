/** Ends with operations in flight. Arguments: a scratch file, a backend, and how to end. */
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { alignedMemory } from '../../support/harness.js'

const [path = '', backend, manner = ''] = process.argv.slice(2)
fs.writeFileSync(path, Buffer.alloc(4 * 1024 * 1024))
const fd = fs.openSync(path, 'r+')
const direct = fs.openSync(path, fs.constants.O_RDWR | (fs.constants.O_DIRECT ?? 0))
// The kernel has direct reads in flight, with the address of this memory.
const aligned = alignedMemory(direct, 1024 * 1024)
const context = new Context({ backend: backend as BackendName, maxRequests: 64 })

/** Starts every kind of operation, more than fit, without awaiting results or failures. */
function start(): void {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const operations: Promise<unknown>[] = []
  for (let i = 0; i < 50; i++) {
    operations.push(
      context.write(chunk, fd, i * chunk.length),
      context.read(chunk.length, fd, i * 4096),
      context.read(4096, fd),
    )
    operations.push(
      context.fdsync(fd),
      context.read(aligned, direct, (i % 4) * aligned.length),
      context.readv([Buffer.alloc(9), Buffer.alloc(99_999)], fd),
    )
  }
  for (const operation of operations) operation.catch(() => {})
}

const manners: Record<string, () => void | Promise<void>> = {
  'in the same tick'() {
    start()
    process.exit(7)
  },
  async 'as soon as they are submitted'() {
    start()
    await undefined
    await undefined
    process.exit(7)
  },
  async 'on the next turn'() {
    start()
    await new Promise(setImmediate)
    process.exit(7)
  },
  'when one completes'() {
    start()
    void context.fdsync(fd).then(() => process.exit(7))
  },
  async 'while closing'() {
    start()
    void context.close()
    await new Promise(setImmediate)
    process.exit(7)
  },
  async 'with an exit handler that starts more'() {
    start()
    process.on('exit', start)
    await new Promise(setImmediate)
    process.exit(7)
  },
  async 'by an uncaught exception'() {
    start()
    await new Promise(setImmediate)
    setImmediate(() => {
      throw new Error('thrown in flight')
    })
  },
  async 'by an unhandled rejection'() {
    start()
    await new Promise(setImmediate)
    void context.read(1, 1_000_000)
  },
  async 'by a signal'() {
    start()
    await new Promise(setImmediate)
    process.kill(process.pid, 'SIGTERM')
  },
}
await (manners[manner] as () => void | Promise<void>)()
