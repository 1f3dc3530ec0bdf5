/**
 * Other files, and operations that have not begun, while operations on a server that does not
 * answer occupy all threads: `stuck.js CASE KIND COUNT PROGRAMS`. CAIO_IMPL names the backend.
 * Exits with 0 if all is well, else reports what is not.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { Operation, defaultContext } from 'caio'
import fs from 'caio/fs'
import { Helper } from './helper.js'
import { makePoint } from './situations.js'

/** Milliseconds for work that must not wait for held operations. */
const PATIENCE = 2_000
/** Most milliseconds that operations are held: longer than this test takes. */
const LONG = 10_000
const LOCAL = 64

const [, , name = '', kind = '', many = '', programs = ''] = process.argv
const count = Number(many)
const context = defaultContext()
const helper = new Helper('held_fs', programs)
const slow = makePoint(helper)
const local = join(helper.home, 'local')
const content = Buffer.alloc(4096, 'x')

/** Prepares an operation on one file. */
type Make = (path: string) => Promise<() => Promise<unknown>>

const handles: { close(): Promise<void> }[] = []
async function open(path: string): Promise<Awaited<ReturnType<typeof fs.open>>> {
  const handle = await fs.open(path, 'r+')
  handles.push(handle)
  // Another test covers the first use of a handle.
  await handle.read(Buffer.alloc(1), 0, 1, 0)
  return handle
}

const kinds: Readonly<Record<string, Make>> = {
  writeFile: async (path) => () => fs.writeFile(path, content),
  readFile: async (path) => () => fs.readFile(path),
  async write(path) {
    const handle = await open(path)
    return () => handle.write(content, 0, 4096, 0)
  },
  async read(path) {
    const handle = await open(path)
    return () => handle.read(Buffer.alloc(4096), 0, 4096, 0)
  },
  // From another file system, which answers.
  async copyFile(path) {
    const source = join(local, 'source')
    nodeFs.writeFileSync(source, content)
    return () => fs.copyFile(source, path)
  },
  async rm(path) {
    nodeFs.mkdirSync(`${path}-tree/in/it`, { recursive: true })
    return () => fs.rm(`${path}-tree`, { recursive: true, force: true })
  },
  async durable(path) {
    const { fd } = await open(path)
    return () => context.write(content, fd, 0, { dsync: true })
  },
  async sync(path) {
    const handle = await open(path)
    await handle.write(content, 0, 4096, 0)
    return () => handle.sync()
  },
}

async function ready(directory: string, count: number): Promise<(() => Promise<unknown>)[]> {
  const calls = []
  for (let at = 0; at < count; at++) {
    const path = join(directory, String(at))
    nodeFs.writeFileSync(path, content)
    calls.push(await (kinds[kind] as Make)(path))
  }
  return calls
}

function made(directory: string): string {
  const path = join(directory, 'made')
  nodeFs.writeFileSync(path, content)
  return path
}

/** Rejects if the promise takes too long. */
async function soon(what: string, promise: Promise<unknown>, progress: () => string = () => ''): Promise<void> {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not after ${PATIENCE} ms${progress()}`)), PATIENCE)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

let held = 0
let wantedHeld = 0
let enough = (): void => {}
helper.onHeld = () => {
  if (++held >= wantedHeld) enough()
}

/** Resolves when this many operations have been held in all. */
function heldUpTo(number: number): Promise<void> {
  wantedHeld = number
  return new Promise((resolve) => {
    enough = resolve
    if (held >= wantedHeld) resolve()
  })
}

/** All of them end before the file system is removed. */
const started: Promise<unknown>[] = []

function start(calls: readonly (() => Promise<unknown>)[], settled: { count: number }): Promise<unknown[]> {
  const promises = calls.map((call) => call().finally(() => settled.count++))
  started.push(...promises)
  return Promise.all(promises)
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  /** Files elsewhere are served while all threads are held. */
  async elsewhere() {
    const [stuck, others] = [await ready(slow, count), await ready(local, LOCAL)]
    await helper.tell(`hold ${LONG} 1000000 all`)
    const slowOnes = { count: 0 }
    const localOnes = { count: 0 }
    const all = start(stuck, slowOnes)
    await soon('the threads are held', heldUpTo(Math.min(count, 4)), () => `, ${held} are`)
    // Repeatedly: the replacement threads must not be held one after the other.
    for (let round = 1; round <= 6; round++) {
      const beside = start(others, localOnes)
      await soon(
        `what is elsewhere is served, round ${round}`,
        beside,
        () => `: ${localOnes.count} of ${round * LOCAL}`,
      )
    }
    if (slowOnes.count > 0) throw new Error(`${slowOnes.count} were not held`)
    await helper.tell('pass')
    await all
  },

  /** A held operation among others of the same tick: completions are reported at once. */
  async amid() {
    const [stuck, others] = [await ready(slow, count), await ready(local, LOCAL)]
    await helper.tell(`hold ${LONG} 1000000 all`)
    const slowOnes = { count: 0 }
    const localOnes = { count: 0 }
    const half = LOCAL / 2
    const before = start(others.slice(0, half), localOnes)
    const all = start(stuck, slowOnes)
    const after = start(others.slice(half), localOnes)
    await soon('what is done is told', Promise.all([before, after]), () => `: ${localOnes.count} of ${LOCAL}`)
    await soon('the slow one is held', heldUpTo(1))
    if (slowOnes.count > 0) throw new Error(`${slowOnes.count} were not held`)
    await helper.tell('pass')
    await all
  },

  /** A sync has failed, and the next request to the server is held: others are served. */
  async failed() {
    const { fd } = await open(made(slow))
    const { fd: otherFd } = await open(made(local))
    await helper.tell(`hold ${LONG} 1000000 fsync`)
    const fsync = helper.nextHeld('fsync')
    const durable = Array.from({ length: count }, (_, at) => context.write(content, fd, 4096 * at, { dsync: true }))
    started.push(...durable)
    for (const write of durable) write.catch(() => {}) // it is looked at below
    await soon('the sync is held', fsync)
    await helper.tell('fail fsync 5')
    await helper.tell(`hold ${LONG} 1000000 getattr statx lookup flush`)
    await helper.tell(`free ${(await fsync).id}`)
    for (let round = 0; round < LOCAL; round++) await soon(`write ${round} is served`, context.write('x', otherFd))
    await helper.tell('pass')
    const codes = (await Promise.allSettled(durable)).map((each) =>
      each.status === 'rejected' ? (each.reason as NodeJS.ErrnoException).code : 'done',
    )
    if (codes.some((code) => code !== 'EIO')) throw new Error(`the writes ended with ${codes.join(' ')}`)
    await helper.tell('fail fsync 0')
  },

  /** Operations that the server has not received can be taken back; those that cannot have reached it. */
  async cancelled() {
    const operations: Operation[] = []
    let fd = -1
    for (let at = 0; at < count; at++) {
      if (fd < 0 || kind !== 'readOne') {
        const path = join(slow, String(at))
        nodeFs.writeFileSync(path, Buffer.alloc(4096 * count, 'x'))
        fd = (await open(path)).fd
      }
      operations.push(
        kind === 'write' ? Operation.write(content, fd) : Operation.read(4096, fd, kind === 'readOne' ? 4096 * at : 0),
      )
    }
    await helper.tell(`hold ${LONG} 1000000 all`)
    const all = context.batch(operations)
    await soon('the threads are held', heldUpTo(Math.min(count, 4)), () => `, ${held} are`)
    let refused = 0
    for (const operation of operations) if (!context.cancel(operation)) refused++
    await soon('what is not taken back has begun', heldUpTo(refused), () => `: ${refused} were not, ${held} have`)
    await helper.tell('pass')
    const codes = (await all).map((each) =>
      each.status === 'rejected' ? (each.reason as NodeJS.ErrnoException).code : 'done',
    )
    const done = codes.filter((code) => code === 'done').length
    if (done !== refused || codes.some((code) => code !== 'done' && code !== 'ECANCELED')) {
      throw new Error(`${refused} were not taken back, and it ended with ${codes.join(' ')}`)
    }
    console.log(`${refused} of ${count} had begun`)
  },
}

let problem: unknown
try {
  nodeFs.mkdirSync(local)
  await helper.tell(`mount ${slow}`)
  await helper.tell('direct 1')
  // So that nothing is used for the first time: that takes a thread of Node's.
  nodeFs.writeFileSync(join(local, 'warm'), content)
  await fs.writeFile(join(local, 'warm'), content)
  await fs.readFile(join(local, 'warm'))
  await (cases[name] as () => Promise<void>)()
} catch (error) {
  problem = error
}
await helper.tell('pass')
await Promise.allSettled(started)
await Promise.all(handles.map((handle) => handle.close()))
await helper.end()
if (problem) {
  console.error((problem as Error).message)
  process.exit(1)
}
