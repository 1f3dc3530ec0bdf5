/**
 * Random programs, run on the shim and on node:fs/promises over identical files: no difference that
 * a program could notice.
 */
// @thorough linux thread pure uring
import assert from 'node:assert'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { Tally, holds, isRepeat } from '../../model/holds.js'
import { firstOpen, steps } from '../../model/steps.js'
import type { Step } from '../../model/steps.js'
import { World } from '../../model/world.js'
import { engineStats, fs, oracle, subject } from '../../support/subject.js'
import type { FsPromises } from '../../support/subject.js'

const PROGRAMS = 700

const directory = temporaryDirectory(t)
const played = new Tally()
const ended = new Tally()

/** milliseconds: a step that takes longer counts as hung, which is an outcome, too */
const HANGS = 10_000

let told = 0

async function inTime(outcome: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise((resolve) => (timer = setTimeout(resolve, HANGS, 'hangs')))
  return Promise.race([outcome, hangs]).finally(() => clearTimeout(timer))
}

/**
 * Runs a program.
 * @returns the outcome of each step, and the files at the end
 */
async function tell(side: FsPromises, name: string, program: readonly Step[]): Promise<string[]> {
  const home = join(directory, `${name}-${String(told++).padStart(8, '0')}`)
  const world = new World(side, home)
  const story = []
  for (const step of program) story.push([step.text, await inTime(step.play(world))])
  story.push(['in the end', await inTime(world.end())])
  // Paths differ only in the directory.
  const asBuffer = Buffer.from(home).toString('hex')
  const texts = story.map((line) => JSON.stringify(line).replaceAll(home, 'HOME').replaceAll(asBuffer, 'HOME'))
  return texts.map((line) => line.replace(/temporary-\w{6}/g, 'temporary-XXXXXX'))
}

const programs = fc
  .tuple(firstOpen, fc.array(steps, { maxLength: 30, size: 'max' }))
  .map(([first, rest]) => [first, ...rest])

await t.test(`programs on ${subject}`, async (t) => {
  await holds(t, `random programs on ${subject}`, programs, PROGRAMS, async (program) => {
    const expected = await tell(oracle, 'oracle', program)
    const actual = await tell(fs, 'shim..', program)
    for (const { kind } of program) played.add(kind)
    for (const line of expected) for (const [, code] of line.matchAll(/"code","'(\w+)'"/g)) ended.add(code as string)
    assert.deepStrictEqual(actual, expected)
  })
  const { operations, routes } = engineStats!()
  t.comment(`counted: ${played.total} steps: ${played}`)
  t.comment(`counted: errors that Node gave: ${ended}`)
  t.comment(`counted: by the engine: ${JSON.stringify(operations)}, ${JSON.stringify(routes)}`)
  const handle = await fs.open(directory, 'r')
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(Object.getPrototypeOf(handle) as object))
  await handle.close()
  t.comment(
    `counted: of a handle's names not tried: ${methods.filter((name) => !played.names.includes(name)).join(', ')}`,
  )
  if (isRepeat()) return
  for (const name of ['read', 'write', 'readv', 'writev', 'fsync', 'fdsync'] as const) {
    t.ok(operations[name] > 100, `the engine served ${name}`)
  }
})
