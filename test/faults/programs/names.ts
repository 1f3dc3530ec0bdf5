/**
 * Makes each system call of a function on names fail, or be short, on each path and at each of its
 * uses there, under Node's own functions and under caio's: the error has to be the same, with its
 * paths, and so does the resulting tree. Run with the fault library interposed. Arguments: a
 * directory, and the form of the functions: `promises` or `callbacks`. Prints a report as JSON.
 */
import fs from 'node:fs'
import nodeFiles from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { defaultContext, patch, unpatch } from 'caio'
import caioFiles from 'caio/fs'
import { Plan, fails, shorts } from '../plan.js'
import type { Call, Fault, Named, Rule } from '../plan.js'
import { outcomeOf } from '../../support/look.js'
import { text } from '../../fs/paths/whole-trees.js'
import { cases, differences } from './name-cases.js'
import type { Case, Files } from './name-cases.js'

export interface NamesReport {
  backend: string
  /** plans that were run under both */
  states: number
  /** plans whose faults caio's calls met */
  reached: number
  failed: number
  injected: Partial<Record<Call, number>>
  faults: string[]
}

const MOST_FAULTS = Number(process.env['CAIO_TEST_FAULTS'] ?? 20)

const [directory = '', form = 'promises'] = process.argv.slice(2)
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
const work = join(directory, 'work')
plan.root = work

const changing = fails('EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EINTR')
const removing = fails('EIO', 'EROFS', 'EPERM', 'ENOSPC', 'EINTR')
const looking = fails('EACCES', 'EINTR')
const reading = fails('EIO', 'EMFILE', 'EINTR')

const ways: Partial<Record<Call, Fault[]>> = {
  rename: changing,
  link: changing,
  symlink: changing,
  mkdir: changing,
  mkdtemp: changing,
  unlink: removing,
  rmdir: removing,
  chmod: fails('EROFS', 'EPERM', 'EINTR'),
  chown: fails('EDQUOT', 'EROFS', 'EINTR'),
  utimes: fails('EROFS', 'EINTR'),
  ftruncate: fails('EIO', 'ENOSPC', 'EINTR'),
  open: fails('EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'EINTR'),
  openat2: fails('EIO', 'EAGAIN'),
  opendir: reading,
  readdir: fails('EIO'),
  readlink: looking,
  realpath: looking,
  access: looking,
  statfs: looking,
  statx: [...fails('EIO'), ...looking],
  copy: [...fails('EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EINVAL'), ...shorts(1700)],
  pwrite: [...fails('EIO', 'ENOSPC', 'EDQUOT', 'EINTR'), ...shorts(1700)],
  pwritev2: [...fails('EAGAIN', 'EOPNOTSUPP'), ...shorts(1)],
  fsync: fails('EIO', 'ENOSPC'),
  fdatasync: fails('EIO', 'EDQUOT'),
  close: fails('EIO', 'EDQUOT', 'EINTR'),
}

/** Codes tried at each single use, too, and not only at all uses: others differ only in the number. */
const AT_EACH: readonly unknown[] = ['EIO', 'EACCES', 'EINTR']

/** Result of a run. */
interface Seen {
  outcome: unknown
  tree: string[]
}

/** Resolves when no request of Node's own functions is in flight. */
async function quiet(): Promise<void> {
  while (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) await setImmediate()
}

const withoutChance = (value: unknown): unknown =>
  JSON.parse((JSON.stringify(value) ?? 'null').replace(/(temporary-)\w{6}/g, '$1XXXXXX')) as unknown

/** One implementation of the functions. */
interface Side {
  files: Files
  /** Installs them in `node:fs`, where Node's functions look each other up. */
  begin?(): void
  end?(): void
}

/** The present callback functions of `node:fs`, as functions with a promise. */
function promised(): Files {
  const functions = Object.entries(fs).filter(([name, each]) => typeof each === 'function' && `${name}Sync` in fs)
  return Object.fromEntries(
    functions.map(([name, each]) => [name, promisify(each as (...args: unknown[]) => void)]),
  ) as unknown as Files
}

function withCallbacks(): [nodes: Side, ours: Side] {
  const nodes = promised()
  const begin = (): void => void patch({ callbacks: true })
  begin()
  const ours = promised()
  unpatch()
  return [{ files: nodes }, { files: ours, begin, end: unpatch }]
}

const [nodes, ours]: [Side, Side] =
  form === 'callbacks' ? withCallbacks() : [{ files: nodeFiles as Files }, { files: caioFiles as Files }]

async function play(
  { make, call, goesOn, besides }: Case,
  { files, begin, end }: Side,
  place: string,
  rules: readonly Rule[],
): Promise<Seen> {
  fs.rmSync(work, { recursive: true, force: true })
  fs.mkdirSync(work)
  make(work)
  begin?.()
  plan.place = place
  plan.arm(besides ? [besides, ...rules] : rules)
  const outcome = await outcomeOf(() => call(files, work))
  if (goesOn) await quiet()
  plan.disarm()
  end?.()
  return withoutChance({ outcome, tree: text(work) }) as Seen
}

const { backend } = defaultContext()
const report: NamesReport = { backend, states: 0, reached: 0, failed: 0, injected: {}, faults: [] }
function fault(what: string, seen: Seen, expected: Seen): void {
  if (report.faults.length >= MOST_FAULTS) return
  const text = (each: Seen): string => JSON.stringify(each).replace(/(\w)\1{20,}/g, '$1…')
  report.faults.push(`${what}:\n  ${text(seen)}\n  and Node\n  ${text(expected)}`)
}

/** Paths of calls, each with its number of uses. */
function placesOf(...logs: Named[][]): Map<string, { named: Named; count: number }> {
  const places = new Map<string, { named: Named; count: number }>()
  for (const log of logs) {
    const counts = new Map<string, number>()
    for (const { call, path } of log) {
      const key = `${call} ${path}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      places.set(key, { named: { call, path }, count: Math.max(places.get(key)?.count ?? 0, count) })
    }
  }
  return places
}

const same = (a: Seen, b: Seen): boolean => isDeepStrictEqual(a, b)

/** The result of a run, and how many faults it met. */
async function met(each: Case, side: Side, { call, path }: Named, rule: Omit<Rule, 'call'>): Promise<[Seen, number]> {
  const seen = await play(each, side, path, [{ call, ...rule }])
  return [seen, plan.injected[call] ?? 0]
}

/** Whether it is a failure with this code. */
function isFailure({ outcome }: Seen, name: unknown): boolean {
  // libuv has no name for it.
  const code = name === 'EDQUOT' ? 'Unknown system error -122' : name
  const [settled, error] = outcome as [string, [string, [string, unknown][]]]
  return settled === 'rejected' && error[1].some(([key, value]) => key === 'code' && value === code)
}

/** Whether this is a known difference of caio. */
function isKnown({ name }: Case, { call }: Named, seen: Seen, expected: Seen, fails: boolean): boolean {
  const known = differences.find((each) => each.cases.test(name) && each.call === call)
  if (!known || fails !== (known.caio === 'fails')) return false
  return !known.sameTree || isDeepStrictEqual(seen.tree, expected.tree)
}

async function tryPlace(each: Case, named: Named, count: number, undisturbed: Seen): Promise<void> {
  const { call, path } = named
  for (const way of ways[call] ?? []) {
    const times = way.action === 'short' || AT_EACH.includes(way.argument) ? count : 0
    const rules: Omit<Rule, 'call'>[] = Array.from({ length: times }, (_, at) => ({ first: at + 1, count: 1, ...way }))
    // EINTR for ever would be a different matter.
    if (way.argument !== 'EINTR') rules.unshift({ first: 1, count: 1_000_000, ...way })
    let always: Seen | undefined
    for (const rule of rules) {
      const once = rule.count === 1
      const [seen, injected] = await met(each, ours, named, rule)
      report.states++
      if (injected > 0) report.reached++
      report.injected[call] = (report.injected[call] ?? 0) + injected
      if ((seen.outcome as [string])[0] !== 'fulfilled') report.failed++
      // After one failure the call may have been retried in another way, and a call that is not
      // made cannot fail.
      if ((once || injected === 0) && same(seen, undisturbed)) continue
      const [expected, nodesInjected] = await met(each, nodes, named, rule)
      if (!once) always = expected
      if (same(seen, expected) || (always && same(seen, always))) continue
      // If Node does not make the call, there is nothing to compare with.
      if (nodesInjected === 0 && (same(seen, undisturbed) || isFailure(seen, way.argument))) continue
      if (isKnown(each, named, seen, expected, isFailure(seen, way.argument))) continue
      const when = once ? `at ${rule.first}` : 'always'
      fault(
        `${each.name}, ${call} of ${path}, ${way.argument} ${when}, ${injected} and ${nodesInjected} times`,
        seen,
        expected,
      )
    }
  }
}

for (const each of cases) {
  if (form === 'callbacks' && each.isOfHandle) continue
  const logs: Named[][] = []
  const seen: Seen[] = []
  for (const side of [nodes, ours]) {
    // Twice: the first call may be served in another way.
    await play(each, side, '', [])
    seen.push(await play(each, side, '', []))
    logs.push(plan.named)
  }
  const [expected, actual] = seen as [Seen, Seen]
  if (!same(actual, expected)) fault(`${each.name}, undisturbed`, actual, expected)
  const { tried } = each
  if (tried) await tryPlace(each, { call: tried.call, path: join(work, tried.name) }, tried.count, expected)
  else for (const { named, count } of placesOf(...logs).values()) await tryPlace(each, named, count, expected)
}
console.log(JSON.stringify(report))
