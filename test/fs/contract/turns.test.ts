/**
 * What follows from a call of a function of `fs/promises` comes after the events that were there
 * before the call, as with Node, which settles the promise in a later turn of the event loop.
 */
// @quick node linux thread pure uring
import { once } from 'node:events'
import { mkdirSync, watch, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { defaultContext } from 'caio'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import { makeApp, moduleName, run } from '../../support/user-program.js'

const directory = temporaryDirectory(t)
const file = join(directory, 'file')
const missing = join(directory, 'missing')
writeFileSync(file, 'content')

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  stat: () => fs.stat(file),
  'lstat of what is missing': () => fs.lstat(missing).catch(() => undefined),
  access: () => fs.access(file),
  realpath: () => fs.realpath(file),
  readdir: () => fs.readdir(directory),
  readFile: () => fs.readFile(file, 'utf8'),
  open: async () => (await fs.open(file)).close(),
  'mkdir of what is there': () => fs.mkdir(directory, { recursive: true }),
  writeFile: () => fs.writeFile(file, 'content'),
  utimes: () => fs.utimes(file, 1, 2),
  'three, one after the other': async () => {
    await fs.stat(file)
    await fs.readFile(file)
    await fs.access(file)
  },
}

/** Number of calls that threads of the engine have served; none are, where all is Node's. */
function servedByThreads(): number {
  if (subject === 'node') return 0
  const { pool, handOff, kernel } = defaultContext().stats().routes
  return pool + handOff + kernel
}

/** Waits without a turn of the event loop. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Notes each event, and what follows from a call that the first event makes. */
function recorder(call: () => Promise<unknown>) {
  const seen: string[] = []
  let over: () => void
  const isOver = new Promise<void>((resolve) => (over = resolve))
  const happens = (event: string): void => {
    if (seen.push(event) > 1) return
    void call().then(() => {
      seen.push('call')
      over()
    })
  }
  return { seen, isOver, happens }
}

for (const [name, call] of Object.entries(calls)) {
  await t.test(name, async (t) => {
    // The next may be served without a wait.
    for (let time = 0; time < 3; time++) await call()

    await t.test('timers', async (t) => {
      const { seen, isOver, happens } = recorder(call)
      // Behind a poll of the event loop: until then, what followed from the calls above is the same turn's.
      setTimeout(() => {
        setTimeout(happens, 1, 'first')
        setTimeout(happens, 1, 'second')
        block(5)
      }, 1)
      await isOver
      t.strictSame(seen, ['first', 'second', 'call'])
    })

    await t.test('sockets', async (t) => {
      const { seen, isOver, happens } = recorder(call)
      const server = createServer((socket) => socket.once('data', () => happens('data')))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const sockets = []
      for (let count = 0; count < 2; count++) {
        const accepted = once(server, 'connection')
        sockets.push(connect(port, '127.0.0.1'))
        await accepted
      }
      await Promise.all(sockets.map((socket) => socket.connecting && once(socket, 'connect')))
      for (const socket of sockets) socket.write('x')
      await isOver
      t.strictSame(seen, ['data', 'data', 'call'])
      for (const socket of sockets) socket.destroy()
      server.close()
    })

    await t.test('immediates, by a callback of the poll phase', async (t) => {
      const { seen, isOver, happens } = recorder(call)
      const watched = temporaryDirectory(t)
      const watcher = watch(watched, () => {
        watcher.close()
        setImmediate(happens, 'before')
        happens('poll')
        setImmediate(happens, 'behind')
      })
      mkdirSync(join(watched, 'new'))
      await isOver
      t.strictSame(seen, ['poll', 'before', 'behind', 'call'])
    })

    await t.test('what has been put off before it, in the turn of another call', async (t) => {
      const seen: string[] = []
      const byThreads = servedByThreads()
      await fs.stat(file)
      setImmediate(() => seen.push('immediate'))
      process.nextTick(() => {
        seen.push('tick')
        process.nextTick(() => seen.push('its tick'))
      })
      await call()
      t.strictSame(seen.slice(0, 2), ['tick', 'its tick'])
      // A thread's result may come before the immediate: see docs/migration.md.
      if (servedByThreads() === byThreads) t.strictSame(seen, ['tick', 'its tick', 'immediate'])
    })

    await t.test('what is put off behind it, in the turn of another call', async (t) => {
      const seen: string[] = []
      const byThreads = servedByThreads()
      await fs.stat(file)
      const called = call()
      setImmediate(() => seen.push('immediate'))
      process.nextTick(() => seen.push('tick'))
      await called
      if (servedByThreads() === byThreads) t.strictSame(seen, ['tick', 'immediate'])
    })

    await t.test('a directory that is watched', async (t) => {
      const { seen, isOver, happens } = recorder(call)
      const watched = temporaryDirectory(t)
      const watcher = watch(watched, happens)
      writeFileSync(join(watched, 'new'), 'content')
      await isOver
      watcher.close()
      t.strictSame(seen, ['rename', 'change', 'call'])
    })
  })
}

await t.test('timers have their turn while what follows from each call takes long', async (t) => {
  const ROUNDS = 40
  await fs.stat(file)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  for (let round = 0; round < ROUNDS; round++) {
    await fs.stat(file)
    block(3)
  }
  clearInterval(timer)
  t.ok(ticks >= ROUNDS / 4, `${ticks} in ${ROUNDS} rounds`)
})

await t.test('the end of a stream, in the turn of a call', async (t) => {
  const seen: string[] = []
  await fs.stat(file)
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  stream.once('finish', () => seen.push('finish'))
  stream.end('content')
  await fs.access(file)
  t.strictSame(seen, ['finish'])
})

await t.test('at beforeExit, which comes again', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from '${moduleName}'
      let left = 5
      process.on('beforeExit', async () => {
        if (left === 0) return
        await fs.stat('.')
        left--
      })
      process.on('exit', () => console.log(left))`,
  })
  const { stdout, stderr } = await run([join(app, 'app.mjs')], { cwd: app })
  t.equal(stdout, '0\n', stderr)
})
