/**
 * Everything that a program may do during an operation and survive: contexts, handles and buffers
 * closed, dropped, transferred, resized, for every operation at every step. Arguments: a scratch
 * file, a route. Needs --expose-gc and the fault library.
 */
import { setTimeout as later } from 'node:timers/promises'
import caioFs from 'caio/fs'
import { Plan } from '../../faults/plan.js'
import { detach } from '../../support/harness.js'
import { Held, LENGTH, isDirect, operationsOf, rightContent, steps } from './held.js'
import type { Holding, OperationName, RouteName, Step } from './held.js'

export interface Report {
  cases: number
  faults: string[]
  /**
   * uses, by Node's own fs, of memory that its next owner had freed: `pure` cannot prevent it
   * (docs/guarantees.md)
   */
  unpromised?: number
}

const [path = '', route, ...chosen] = process.argv.slice(2) as [string, RouteName, ...OperationName[]]
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
if (isDirect(route)) plan.emulate('ring')
const gc = (globalThis as unknown as { gc: () => void }).gc
const report = { cases: 0, faults: [], unpromised: 0 } satisfies Report as Required<Report>

/** Collects garbage, until everything unreachable is gone. */
async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise(setImmediate)
  }
}

interface Started {
  promise: Promise<unknown>
  held: Held
}

type Deed = (holding: Holding) => Promise<{ promise: Promise<unknown>; after?: () => Promise<void> }>

/** Starts it on memory that this function drops. */
async function start(
  holding: Holding,
  make: (held: Held) => Uint8Array = (held) => held.memory(),
): Promise<Started & { memory: Uint8Array }> {
  const held = await Held.make(holding)
  const memory = make(held)
  const promise = held.start(memory)
  promise.catch(() => {})
  await undefined
  await undefined
  held.reach()
  return { promise, held, memory }
}

const must = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what)
}

// Node, since 25, throws this when it has to close a dropped handle.
process.on('uncaughtException', (error: NodeJS.ErrnoException) =>
  must(error.code === 'ERR_INVALID_STATE', String(error.stack)),
)

/** Each resolves when its action during the hold is done. */
const deeds: Record<string, Deed> = {
  async 'the buffer is dropped'(holding) {
    const { promise, held } = await start(holding)
    await collect()
    return { promise, after: () => held.context.close() }
  },
  async 'the buffer and the context are dropped'(holding) {
    const { promise } = await start(holding)
    await collect()
    return { promise }
  },
  async 'the context is closed, twice'(holding) {
    const { promise, held } = await start(holding)
    let settled = false
    promise.then(
      () => (settled = true),
      () => (settled = true),
    )
    const closing = Promise.all([held.context.close(), held.context.close()]).then(() =>
      must(settled, 'closed before the operation had settled'),
    )
    const refused = await held.context.read(1, held.fd).catch((error: NodeJS.ErrnoException) => error.code)
    must(refused === 'ERR_INVALID_STATE', 'a closed context takes more')
    return { promise, after: () => closing }
  },
  async 'the buffer is transferred, and kept'(holding) {
    const { promise, memory } = await start(holding)
    const owner = detach(memory.buffer as ArrayBuffer)
    await collect()
    return { promise, after: async () => must(owner.byteLength >= LENGTH, 'the new owner has all of it') }
  },
  async 'the buffer is transferred, and dropped'(holding) {
    const { promise, memory } = await start(holding)
    detach(memory.buffer as ArrayBuffer)
    await collect()
    return { promise }
  },
  async 'the buffer is resized to nothing'(holding) {
    const { promise, memory } = await start(holding, (held) => held.resizable().fill(0x6e))
    ;(memory.buffer as ArrayBuffer & { resize(length: number): void }).resize(0)
    return { promise }
  },
}

/** The same for a FileHandle, whose context is the default one, which does not end. */
async function byHandle(holding: Holding, deed: 'dropped' | 'closed'): ReturnType<Deed> {
  let handle: Awaited<ReturnType<typeof caioFs.open>> | undefined = await caioFs.open(holding.path, 'r+')
  const held = await Held.make(holding)
  const { operation, step } = holding
  const memory = held.memory()
  const half = [memory.subarray(0, LENGTH / 2), memory.subarray(LENGTH / 2)]
  const calls: Record<OperationName, () => Promise<unknown>> = {
    read: () => handle!.read(memory, 0, LENGTH, LENGTH),
    write: () => handle!.write(memory, 0, LENGTH, LENGTH),
    readv: () => handle!.readv(half, LENGTH),
    writev: () => handle!.writev(half, LENGTH),
    fsync: () => handle!.sync(),
    fdsync: () => handle!.datasync(),
  }
  const promise = calls[operation]()
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  if (deed === 'dropped') {
    handle = undefined
    await collect()
    return { promise }
  }
  await undefined
  await undefined
  if (step !== 'completed') held.reach()
  const closing = Promise.all([handle.close(), handle.close()]).then(() =>
    must(settled, 'closed before the operation had settled'),
  )
  return {
    promise,
    async after() {
      await closing
      const code = await handle!.read(Buffer.alloc(1), 0, 1, 0).catch((error: NodeJS.ErrnoException) => error.code)
      must(code === 'EBADF', 'a closed handle is served')
    },
  }
}
if (!isDirect(route)) {
  deeds['the handle is dropped'] = (holding) => byHandle(holding, 'dropped')
  deeds['the handle is closed, twice'] = (holding) => byHandle(holding, 'closed')
}

async function tryOut(operation: OperationName, step: Step, what: string, deed: Deed): Promise<void> {
  report.cases++
  const lost = plan.lost
  const fail = (problem: string): void => void report.faults.push(`${operation}, ${step}, ${what}: ${problem}`)
  try {
    const { promise, after } = await deed({ path, route, operation, step, plan, atMost: 5000 })
    plan.release()
    const settled = await Promise.race([
      promise.then(
        () => 'right',
        (error: NodeJS.ErrnoException) => error.code,
      ),
      later(4000, 'hangs'),
    ])
    await after?.()
    plan.disarm()
    // Memory that is gone at hand-off is refused.
    const taken = what.includes('transferred') || what.includes('resized')
    if (settled !== 'right' && !(taken && settled === 'EFAULT')) fail(String(settled))
    const changed = taken && operation.startsWith('write')
    if (!changed && !rightContent(path, operation, settled === 'right')) fail('the file is not as it must be')
    // A new owner that drops memory in use frees it under Node's own calls. Memory cut off by
    // resizing is still reserved.
    if (plan.lost !== lost && route === 'pure' && what.includes('transferred, and dropped')) report.unpromised++
    else if (plan.lost !== lost && !what.includes('resized')) fail('the memory had been given back')
  } catch (error) {
    fail(String(error))
  }
}

for (const operation of chosen.length > 0 ? chosen : operationsOf(route)) {
  for (const step of steps) {
    for (const [what, deed] of Object.entries(deeds)) {
      // On `pure`, a read into such memory may corrupt any other, this program's own included; a
      // memory checker rightly reports a write from it.
      const spoils = operation.startsWith('read') || process.env['CAIO_TEST_MEMORY_CHECKED']
      if (route === 'pure' && spoils && what === 'the buffer is transferred, and dropped') continue
      await tryOut(operation, step, what, deed)
    }
  }
}
console.log(JSON.stringify(report))
process.exit(0)
