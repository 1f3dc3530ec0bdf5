/**
 * Random requests, alone and many at once, cancelled, closed and too late: a Context does with a
 * file what Node's fs does with a copy, and refuses what it should.
 */
// @thorough
import assert from 'node:assert'
import fs from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { Context } from 'caio'
import type { BackendName, Operation } from 'caio'
import { onEveryBackend, rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { filled } from '../../support/argument-values.js'
import { snapshot } from '../../support/snapshot.js'
import { Tally, holds } from '../../model/holds.js'
import {
  Files,
  argumentsOf,
  call,
  expectation,
  isSync,
  methods,
  operation,
  refusal,
  requests,
  textOf,
} from '../../model/requests.js'
import type { Request } from '../../model/requests.js'

const PROGRAMS = 800
const CELL = 16

class World {
  readonly context: Context
  readonly ours: Files
  readonly theirs: Files
  closed = false

  constructor(directory: string, backend: BackendName, maxRequests: number) {
    this.context = new Context({ backend, maxRequests })
    this.ours = new Files(directory, 'ours')
    this.theirs = new Files(directory, 'theirs')
  }
}

class Step {
  constructor(
    readonly kind: string,
    readonly text: string,
    readonly play: (world: World) => Promise<void>,
  ) {}

  [fc.toStringMethod](): string {
    return this.text
  }
}

const errorFacts = ({ code, errno, syscall, message }: NodeJS.ErrnoException): unknown => ({
  code,
  errno,
  syscall,
  message,
})

async function single({ context, ours, theirs, closed }: World, request: Request, asOperation: boolean): Promise<void> {
  const refused =
    (asOperation ? refusal(request, true) : undefined) ?? (closed ? 'ERR_INVALID_STATE' : refusal(request, asOperation))
  const { target, args } = argumentsOf(request, ours)
  const run = async (): Promise<unknown> => {
    if (!asOperation) return call(context, request.method, args)
    const made = operation(request.method, args)
    const [result] = await context.submit(made)
    assert.strictEqual(made.getValue(), result)
    return result
  }
  if (refused) return assert.strictEqual((await rejectionOf(run())).code, refused)
  const { value, memory, error } = expectation(request, theirs)
  if (error) return assert.deepStrictEqual(errorFacts(await rejectionOf(run())), errorFacts(error))
  assert.deepStrictEqual(await run(), value)
  assert.deepStrictEqual(snapshot(target), snapshot(memory))
}

const singles = fc.tuple(requests, fc.boolean()).map(([request, asOperation]) => {
  const text = `${asOperation ? 'Operation.' : ''}${textOf(request)}`
  return new Step(request.method, text, (world) => single(world, request, asOperation))
})

/** Operations of one tick: each has its own cell, so that their order does not matter. */
const batches = fc
  .array(fc.tuple(fc.constantFrom(...methods), fc.boolean()), { minLength: 1, maxLength: 12 })
  .map((calls) => {
    const text = calls.map(([method, cancel]) => `${method}${cancel ? ' cancelled' : ''}`).join(', ')
    return new Step('submit', `at once: ${text}`, (world) => batch(world, calls))
  })

async function batch({ context, ours, theirs, closed }: World, calls: [Request['method'], boolean][]): Promise<void> {
  const memories = calls.map((_, cell) => filled(CELL, 97 + cell))
  const twins = memories.map((memory) => Buffer.from(memory))
  const operations = calls.map(([method], cell) => {
    const memory = memories[cell] as Buffer
    const halves = [memory.subarray(0, 7), memory.subarray(7)]
    const target = method.endsWith('v') ? halves : memory
    return operation(method, isSync(method) ? [ours.fd('both')] : [target, ours.fd('both'), cell * CELL])
  })
  const all = context.submit(...operations)
  if (closed) {
    assert.strictEqual((await rejectionOf(all)).code, 'ERR_INVALID_STATE')
    return assert.ok(operations.every(({ state }) => state === 'new'))
  }
  // Nothing begins before the tick ends, with any backend and any number of requests at a time.
  for (const [cell, [, cancel]] of calls.entries()) {
    if (cancel) assert.ok(context.cancel(operations[cell] as Operation), `cancel ${cell}`)
  }
  const again = await rejectionOf(context.submit(operations[0] as Operation))
  assert.strictEqual(again.code, 'ERR_INVALID_STATE', 'twice')
  const outcome = await all.catch((error: NodeJS.ErrnoException) => error.code)
  assert.strictEqual(
    outcome === 'ECANCELED',
    calls.some(([, cancel]) => cancel),
  )
  for (const [cell, [method, cancel]] of calls.entries()) {
    const done = operations[cell] as Operation
    assert.strictEqual(done.state, cancel ? 'rejected' : 'fulfilled')
    assert.strictEqual(context.cancel(done), false, 'too late')
    if (cancel || isSync(method)) continue
    const twin = twins[cell] as Buffer
    const place = [theirs.fd('both'), twin, 0, CELL, cell * CELL] as const
    assert.strictEqual(done.getValue(), method.startsWith('read') ? fs.readSync(...place) : fs.writeSync(...place))
  }
  assert.deepStrictEqual(memories, twins)
}

const closes = fc.boolean().map((twice) => {
  return new Step('close', `close${twice ? ' twice' : ''} over a read`, async (world) => {
    const read = world.closed ? undefined : world.context.read(10, world.ours.fd('both'), 0)
    const first = world.context.close()
    if (twice) assert.strictEqual(await world.context.close(), undefined)
    assert.strictEqual(await first, undefined)
    // close() has waited for the read.
    if (read) {
      assert.deepStrictEqual(await Promise.race([read, 'not yet']), fs.readFileSync(world.ours.path).subarray(0, 10))
    }
    world.closed = true
  })
})

const steps = fc.oneof(
  { weight: 12, arbitrary: singles },
  { weight: 4, arbitrary: batches },
  { weight: 1, arbitrary: closes },
)
const programs = fc.record({
  maxRequests: fc.constantFrom(1, 2, 5, 512),
  steps: fc.array(steps, { maxLength: 25, size: 'max' }),
})

onEveryBackend(t, 'a context agrees with Node’s fs', async (t, backend) => {
  const directory = temporaryDirectory(t)
  const played = new Tally()
  await holds(t, `random requests on ${backend}`, programs, PROGRAMS, async ({ maxRequests, steps }) => {
    const world = new World(directory, backend, maxRequests)
    try {
      for (const step of steps) {
        played.add(step.kind)
        await step.play(world)
        const { inFlight, waiting } = world.context.stats()
        assert.deepStrictEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 })
      }
    } finally {
      await world.context.close()
      const [ours, theirs] = [world.ours.end(), world.theirs.end()]
      assert.deepStrictEqual(ours, theirs)
    }
  })
  t.comment(`counted: ${played.total} steps: ${played}`)
})
