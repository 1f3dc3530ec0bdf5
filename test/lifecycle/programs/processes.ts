/**
 * Starts other processes with an open context and operations in flight. Arguments: a scratch file,
 * a backend.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'

const [path = '', backend, child] = process.argv.slice(2)
fs.closeSync(fs.openSync(path, 'a'))
const fd = fs.openSync(path, 'r+')
const context = new Context({ backend: backend as BackendName })
const mine = child ? 100_000 : 0
await context.write(child ?? 'parent', fd, mine)
const writes = Array.from({ length: 50 }, (_, i) =>
  context.write(Buffer.alloc(1000, child ? 'c' : 'p'), fd, mine + 1000 + i * 1000),
)

if (child) {
  await Promise.all(writes)
  await context.fdsync(fd)
  process.send?.(String(await context.read(5, fd, mine)))
  process.disconnect?.()
} else {
  await new Promise(setImmediate)
  const descriptors =
    process.platform === 'linux' ? execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' }) : ''
  const forked = fork(process.argv[1] as string, [path, backend as string, 'child'])
  const [[message], counts] = await Promise.all([once(forked, 'message'), Promise.all(writes)])
  const [code] = (await once(forked, 'exit')) as [number]
  const right = counts.every((count) => count === 1000) && String(await context.read(6, fd)) === 'parent'
  console.log(JSON.stringify({ code, message, right, inherited: descriptors.match(/eventfd|caio/g) }))
}
