/**
 * The cost of taking an operation back does not depend on the number of operations, and the others
 * keep their order.
 */
import t from 'tap'
import type { Test } from 'tap'
import { BufferPool, Context, Operation } from 'caio'
import { ManualBackend } from '../../support/manual-backend.js'

/** Number of entries that built-in functions read or move. */
let touched = 0

/** Counts, for the rest of the test, the entries that functions over whole arrays or views visit. */
function countWork(t: Test): void {
  const counted: [prototype: object, names: string[]][] = [
    [
      Array.prototype,
      ['indexOf', 'lastIndexOf', 'includes', 'find', 'findIndex', 'filter', 'slice', 'splice', 'shift', 'unshift'],
    ],
    [
      Object.getPrototypeOf(Uint32Array.prototype) as object,
      ['indexOf', 'includes', 'find', 'findIndex', 'filter', 'slice', 'copyWithin', 'set'],
    ],
  ]
  for (const [prototype, names] of counted) {
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
      const own = descriptor.value as (...args: unknown[]) => unknown
      Object.defineProperty(prototype, name, {
        ...descriptor,
        value(this: { length: number }, ...args: unknown[]) {
          touched += this.length
          return Reflect.apply(own, this, args)
        },
      })
      t.teardown(() => Object.defineProperty(prototype, name, descriptor))
    }
  }
}

/** Number of entries visited while `act` runs. */
function workOf(act: () => void): number {
  touched = 0
  act()
  return touched
}

const MANY = 2000

/** A backend that accepts every cancellation, without searching what it holds. */
function takesAllBack(): ManualBackend {
  const manual = new ManualBackend()
  manual.cancel = () => true
  return manual
}

t.test('work an operation that is taken back', async (t) => {
  const cases: [name: string, maxRequests: number, handOver: boolean][] = [
    ['that waits', 1, true],
    ['of this tick', MANY, false],
    ['with the backend', MANY, true],
  ]
  for (const [name, maxRequests, handOver] of cases) {
    await t.test(name, async (t) => {
      const context = new Context({ backend: takesAllBack(), maxRequests })
      const first = context.write('first', 0)
      const controllers = Array.from({ length: MANY - 1 }, () => new AbortController())
      const aborted = Promise.allSettled(controllers.map(({ signal }, at) => context.write('x', 0, at, { signal })))
      if (handOver) await new Promise(setImmediate)
      countWork(t)
      const work = workOf(() => {
        for (const controller of controllers.reverse()) controller.abort()
      })
      t.ok(work <= 10 * MANY, `${work} entries for ${MANY} operations`)
      t.match(context.stats(), { cancelled: MANY - 1, inFlight: 1, waiting: 0 })
      const begun = (await aborted).map((each) =>
        each.status === 'rejected' ? (each.reason as { begun: boolean }).begun : 'fulfilled',
      )
      t.same(new Set(begun), new Set([false]))
      void first
    })
  }

  await t.test('that was submitted with others', async (t) => {
    const context = new Context({ backend: takesAllBack(), maxRequests: 1 })
    const operations = Array.from({ length: MANY }, (_, at) => Operation.write('x', 0, at))
    countWork(t)
    let all: Promise<unknown> = Promise.resolve()
    const submitting = workOf(() => (all = context.batch(operations)))
    t.ok(submitting <= 10 * MANY, `${submitting} entries to submit ${MANY}`)
    const work = workOf(() => {
      for (let at = MANY; at-- > 0;) {
        if (!context.cancel(operations[at] as Operation)) t.fail(`operation ${at} is not taken back`)
      }
    })
    t.ok(work <= 10 * MANY, `${work} entries to take back ${MANY}`)
    await all
    t.match(context.stats(), { cancelled: MANY, inFlight: 0, waiting: 0 })
  })

  await t.test('that waits for a block', async (t) => {
    const pool = new BufferPool({ blockSize: 512, blocks: 1 })
    const held = await pool.acquire()
    const controllers = Array.from({ length: MANY }, () => new AbortController())
    const aborted = Promise.allSettled(controllers.map(({ signal }) => pool.acquire({ signal })))
    await undefined
    t.equal(pool.waiting, MANY)
    countWork(t)
    const work = workOf(() => {
      for (const controller of controllers.reverse()) controller.abort()
    })
    t.ok(work <= 10 * MANY, `${work} entries for ${MANY}`)
    t.equal(pool.waiting, 0)
    t.ok((await aborted).every(({ status }) => status === 'rejected'))
    held.release()
  })
})

t.test('those that stay are handed over in their order', async (t) => {
  // A batch of one tick from which many more are taken out than it holds, while others replace them.
  for (const maxRequests of [1, 2, 8, 64, 65, 500]) {
    const manual = takesAllBack()
    const context = new Context({ backend: manual, maxRequests })
    const operations = Array.from({ length: 1000 }, (_, at) => Operation.write('x', 0, at))
    const all = context.batch(operations)
    const stays = (at: number): boolean => at % 7 === 3 || at > 990
    for (const [at, operation] of operations.entries()) if (!stays(at)) context.cancel(operation)
    const expected = operations.flatMap(({ offset }) => (stays(offset) ? [offset] : []))
    const started: number[] = []
    for (let batch = 0; batch < operations.length && context.stats().inFlight > 0; batch++) {
      await undefined
      started.push(...manual.held.map(({ offset }) => offset))
      if (manual.held.length > maxRequests) t.fail(`${manual.held.length} at once`)
      manual.complete(manual.held.length)
    }
    t.same(started, expected, `with ${maxRequests} in flight`)
    if (context.stats().inFlight > 0) return void t.fail('some are never handed over')
    const outcomes = await all
    t.same(
      outcomes.map(({ status }) => status === 'fulfilled'),
      operations.map(({ offset }) => stays(offset)),
    )
    await context.close()
  }
})

t.test('what waits in one context is not taken back by another', async (t) => {
  const backend = new ManualBackend()
  const [own, other] = [
    new Context({ backend, maxRequests: 1 }),
    new Context({ backend: new ManualBackend(), maxRequests: 1 }),
  ]
  const operations = [Operation.write('a', 0), Operation.write('b', 0)] as const
  const all = own.submit(...operations)
  for (const operation of operations) t.equal(other.cancel(operation), false)
  await undefined
  backend.complete()
  await undefined
  backend.complete()
  t.same(await all, [1, 1])
  for (const operation of operations) t.equal(own.cancel(operation), false, 'nor when it is over')
})
