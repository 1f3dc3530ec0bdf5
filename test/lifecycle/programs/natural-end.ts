/**
 * Comes to its end with operations that are not awaited. Arguments: a scratch file, a backend, and
 * the remaining work.
 */
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'

const [path = '', backend, what = ''] = process.argv.slice(2)
fs.writeFileSync(path, '')
const fd = fs.openSync(path, 'r+')
const context = new Context({ backend: backend as BackendName, maxRequests: 4 })

const works: Record<string, () => unknown> = {
  writes() {
    for (let i = 0; i < 100; i++) void context.write(Buffer.alloc(100_000, i + 1), fd, i * 100_000)
  },
  async 'a chain'() {
    for (let i = 0; i < 100; i++) {
      await context.write(Buffer.alloc(100_000, i + 1), fd, i * 100_000)
      if (i % 10 === 0) await context.fdsync(fd)
      await context.read(10, fd)
    }
  },
  async nothing() {
    await context.write('x', fd)
  },
  // Waits only for the engine: Node exits with 13 if nothing keeps the event loop alive.
  async 'one awaited sync'() {
    await context.write('x', fd)
    await context.fdsync(fd)
  },
  close: () => context.close(),
}
const done = works[what]?.()
if (what === 'nothing' || what === 'one awaited sync' || what === 'close') await done
if (what === 'nothing') console.log(process.uptime())
