/** Runs the measuring program on every backend, and judges its output. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { BackendName } from 'caio'
import { requiredBackends, runProgram, startNode, temporaryDirectory } from '../support/harness.js'
import { functions } from './functions/index.js'
import type { Described } from './functions/described.js'
import type { Measurement } from './measure.js'
import { compileHelper, helperNames, whyNoHelpers } from './helper.js'
import { HOLD, situations } from './situations.js'
import type { SituationName } from './situations.js'
import type { Stop } from './stops.js'
import type { Result } from './cases.js'

/**
 * Milliseconds that a turn may wait: none by design, but a busy machine may take some; 280 have
 * been seen. A turn that waits for a held operation takes {@link HOLD}, since only a running event
 * loop ends the hold earlier.
 */
const MOST_WAITED = HOLD / 2
/** The same, if the thread does not sleep meanwhile. */
const MOST_WORKED = (HOLD * 2) / 3

/**
 * More milliseconds than a machine takes by chance in one function on two backends: the four are
 * measured side by side, each at its own pace.
 */
const LATE = 50

/** Number of processors that are watched. */
const MOST_WATCHED = 8

const program = new URL('./measure.js', import.meta.url)
const watcher = new URL('./stops.js', import.meta.url)
/** Milliseconds until a measuring program counts as hung. */
const HUNG = 600_000

export function wasHeld({ waited, longest, asked }: Measurement): boolean {
  return waited > MOST_WAITED || longest > MOST_WORKED || asked.length > 0
}

async function run(
  situation: SituationName,
  backend: BackendName,
  programs: string,
): Promise<{ measured: Measurement[]; complaints: string }> {
  const nodeArgs = ['--no-warnings', '--enable-source-maps']
  const options = { nodeArgs, env: { CAIO_IMPL: backend }, timeout: HUNG }
  const { code, stdout, stderr: complaints } = await runProgram(program, [situation, programs], options)
  const measured = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Measurement)
  return { measured, complaints: code === 0 ? complaints : `${complaints} ended with ${String(code)}` }
}

function maximum(measured: readonly Measurement[], key: 'longest' | 'waited'): string {
  const worst = measured.reduce<Measurement | undefined>(
    (most, each) => (most && most[key] >= each[key] ? most : each),
    undefined,
  )
  return worst ? `${worst[key].toFixed(1)} ms (${worst.name})` : 'none'
}

/** For the name of a failing test: names are what is read of a long log. */
function told(held: readonly Measurement[]): string {
  return held
    .map(({ waited, longest, asked }) => `, ${waited.toFixed(0)} of ${longest.toFixed(0)} ms, ${asked.join()}`)
    .join('')
}

const excuseOf = ({ excused, excusedOnPure }: Described, backend: BackendName): string | undefined =>
  excused ?? (backend === 'pure' ? excusedOnPure : undefined)

const overlap = (one: Stop, other: Stop): boolean =>
  one.ended > other.ended - other.waited && other.ended > one.ended - one.waited

/** The numbers of the processors that this process may use, a few of them if they are many. */
function processors(): string[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? []
  const numbers = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}`)
  })
  return numbers.slice(0, MOST_WATCHED)
}

/**
 * When each processor stood still meanwhile: a host may stop a single one, and does not always say
 * so; then all that has a timer there is late, and nothing else.
 */
async function whileWatched<T>(act: () => Promise<T>): Promise<readonly [T, readonly Stop[]]> {
  const pinned = spawnSync('taskset', ['--version']).status === 0
  const unders = pinned ? processors().map((processor) => ['taskset', '--cpu-list', processor]) : [[]]
  const watches = unders.map((under) => startNode([fileURLToPath(watcher), `${LATE / 2}`], { under, timeout: HUNG }))
  await Promise.all(watches.map(({ child }) => once(child.stdout, 'data')))
  let result
  try {
    result = await act()
  } finally {
    for (const { child } of watches) child.kill()
  }
  const said = await Promise.all(watches.map(({ ended }) => ended))
  const stops = said.flatMap(({ stdout }) =>
    stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as Stop),
  )
  return [result, stops]
}

/**
 * A delay of the same kind on several backends is not due to the machine, unless a processor
 * stopped, or another function on another backend was late at the same time.
 */
function judgeTogether(t: Test, all: ReadonlyMap<BackendName, readonly Measurement[]>, stops: readonly Stop[]): void {
  const delays = [...all].flatMap(([backend, measured]) =>
    measured.filter(({ waited }) => waited > LATE).map((delay) => ({ backend, delay })),
  )
  const isMachines = ({ backend, delay }: (typeof delays)[number]): boolean =>
    stops.some((stop) => overlap(delay, stop)) ||
    delays.some((other) => other.backend !== backend && other.delay.name !== delay.name && overlap(delay, other.delay))
  for (const described of functions) {
    const late = [...all].filter(
      ([backend]) =>
        !excuseOf(described, backend) &&
        delays.some((each) => each.backend === backend && each.delay.name === described.name && !isMachines(each)),
    )
    if (late.length > 1) t.fail(`${described.name} is late on ${late.map(([backend]) => backend).join(' and ')}`)
  }
}

function judge(t: Test, described: Described, measured: readonly Measurement[], backend: BackendName): void {
  const { name, refused = [] } = described
  const excused = excuseOf(described, backend)
  const unexpected = measured.filter(
    ({ code }) => code !== undefined && !refused.includes(code) && !(backend === 'pure' && code === 'ENOSYS'),
  )
  if (unexpected.length > 0) t.fail(`${name} fails`, { unexpected })
  const held = measured.filter(wasHeld)
  if (excused && held.length > 0) t.comment(`${name} is held: ${excused}`)
  else t.same(held, [], `${name} does not wait${told(held)}`)
}

async function measureOn(t: Test, situation: SituationName, tolerated: number): Promise<void> {
  const programs = temporaryDirectory(t)
  for (const helper of helperNames) compileHelper(helper, programs)
  const [all, stops] = await whileWatched(() =>
    Promise.all(requiredBackends.map((backend) => run(situation, backend, programs))),
  )
  for (const { waited } of stops) t.comment(`counted: ${situation}: a processor stopped for ${waited.toFixed(0)} ms`)
  judgeTogether(t, new Map(requiredBackends.map((backend, at) => [backend, all[at]?.measured ?? []])), stops)
  for (const [at, backend] of requiredBackends.entries()) {
    const { measured, complaints } = all[at] as (typeof all)[number]
    await t.test(backend, async (t) => {
      t.equal(complaints, '', `complains of nothing: ${complaints}`)
      const holds = measured.reduce((sum, { held }) => sum + held, 0)
      t.ok(holds > 0, 'something was held')
      t.comment(
        `counted: ${situation}, ${backend}: ${measured.length} calls, ${holds} operations held; ` +
          `longest turn ${maximum(measured, 'longest')}, longest wait ${maximum(measured, 'waited')}`,
      )
      const late = measured.filter(wasHeld)
      const excused = late.length <= tolerated ? late : []
      for (const { name, longest } of excused) {
        t.comment(`counted: ${situation}, ${backend}: held once, by ${name}, for ${longest.toFixed(0)} ms`)
      }
      for (const described of functions) {
        const own = measured.filter(
          (measurement) => measurement.name === described.name && !excused.includes(measurement),
        )
        judge(t, described, own, backend)
      }
    })
  }
}

/** @param tolerated total number of calls that may have been held */
export async function measureEverywhere(t: Test, situation: SituationName, tolerated = 0): Promise<void> {
  const skip = situations[situation].whyNot() ?? false
  await t.test(situation, { skip, timeout: 600_000 }, (t) => measureOn(t, situation, tolerated))
}

/**
 * Runs a program with its own cases, see cases.ts, on every backend. Each run has a mount namespace of its own:
 * whoever made one elsewhere meanwhile, as containers do, would hold a copy of each mount, and so its device.
 * @param cases why each is not available here, or undefined
 */
export async function runCases(t: Test, url: URL, cases: Readonly<Record<string, string | undefined>>): Promise<void> {
  const programs = temporaryDirectory(t)
  if (!whyNoHelpers()) for (const helper of helperNames) compileHelper(helper, programs)
  for (const [name, why] of Object.entries(cases)) {
    await t.test(name, { skip: why ?? false }, async (t) => {
      const run = (backend: BackendName) =>
        runProgram(url, [name, programs], {
          env: { CAIO_IMPL: backend },
          timeout: 60_000,
          under: ['unshare', '--mount', '--'],
        })
      const all = await Promise.all(requiredBackends.map(run))
      for (const [at, backend] of requiredBackends.entries()) {
        const { code, stdout, stderr } = all[at] as (typeof all)[number]
        t.equal(code, 0, `${backend} ${stderr}`)
        if (code !== 0) continue
        const result = JSON.parse(stdout) as Result
        t.ok(result.held > 0, `${backend}: something was held`)
        t.ok(result.waited < MOST_WAITED, `${backend}: does not wait`, result)
        t.same(result.asked, [], `${backend}: asks for nothing on the JavaScript thread`)
        t.comment(`counted: ${name}, ${backend}: longest wait ${result.waited.toFixed(1)} ms`)
      }
    })
  }
}
