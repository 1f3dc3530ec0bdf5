/**
 * Uses caio for the first time with no descriptors left, then again with some. Prints which backend
 * served, and the warnings. Arguments: a file to read; `loaded` to load the engine first, so that
 * only Node's handles are unknown.
 */
import fs from 'node:fs'

// Replaced before caio captures it: the test sets the time.
let time = 5000
process.hrtime.bigint = () => BigInt(time) * 1_000_000n

const { default: caio } = await import('../../../compat/fs.js')
const { defaultContext } = await import('../../../lib/index.js')
const warnings: string[] = []
process.on('warning', ({ message }) => void warnings.push(message))

const path = process.argv[2] as string
const taken: number[] = []
/** Opens descriptors until only `left` remain. */
function exhaust(left: number): void {
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'))
  } catch {
    for (const fd of taken.splice(0, left)) fs.closeSync(fd)
  }
}

const served: unknown[] = []
async function use(read: () => Promise<unknown>): Promise<void> {
  const outcome = await read().then(String, ({ code }: NodeJS.ErrnoException) => code)
  const { backend, operations } = defaultContext().stats()
  served.push([outcome, backend, operations.read + operations.readFile])
}

if (process.argv[3] === 'loaded') defaultContext()
exhaust(0)
await use(() => caio.readFile(path, 'utf8'))
fs.closeSync(taken.pop() as number)
// One is available: Node's open takes it first.
await use(() => caio.readFile(path, 'utf8'))
// Node's class is learned from the handle that takes the last one.
const handle = await caio.open(path)
const read = async (): Promise<Buffer> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(7), 0, 7, 0)
  return buffer.subarray(0, bytesRead)
}
await use(read)
for (const fd of taken.splice(0)) fs.closeSync(fd)
await use(read)
const underWay = read()
time += 1000
await use(read)
await use(() => caio.readFile(path, 'utf8'))
served.push(String(await underWay))
await handle.close()
await new Promise((resolve) => void setTimeout(resolve, 0))
console.log(JSON.stringify({ served, warnings }))
