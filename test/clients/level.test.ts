/**
 * A store on the toolkit, as a user would write it: it passes the suite of abstract-level, and
 * acknowledged changes survive a kill. CAIO_TEST_ROUNDS: rounds per backend.
 */
// @thorough
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Context } from 'caio'
import { killedRun } from '../support/killed-run.js'
import { random } from '../support/seeded-random.js'
import { onEveryBackend, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import { CaioLevel } from './level/level.js'
import { decodeValue } from './level/entry.js'
import { Memtable, MemtableCursor } from './level/memtable.js'
import { Merge } from './level/merge.js'
import { runsToMerge } from './level/store.js'
import type { Acknowledged, Found } from './level/programs/writer.js'

const program = (name: string): string => fileURLToPath(new URL(`./level/programs/${name}.js`, import.meta.url))
const rounds = Number(process.env['CAIO_TEST_ROUNDS'] ?? 6)
/** most milliseconds from the first acknowledgement on */
const LIFE = 400

t.setTimeout(900_000)

void t.test('runs of about the same size are merged', async (t) => {
  const cases: [sizes: number[], count: number][] = [
    [[], 0],
    [Array.from({ length: 9 }, () => 1), 0],
    [Array.from({ length: 10 }, () => 1), 10],
    [[1, 1, 1, 1, 1, 1, 1, 1, 1, 100], 0],
    [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 100], 10],
    [[1, 1, 1, 1, 1, 1, 1, 1, 8, 40, 1000], 10],
  ]
  for (const [sizes, count] of cases) t.equal(runsToMerge(sizes), count, sizes.join(', '))
})

void t.test('entries are sorted as by their keys, of each the last first', async (t) => {
  const next = random(7)
  const alphabets = [[0], [0, 1], [0, 255], [48, 49, 50, 57], Array.from({ length: 256 }, (_, at) => at)]
  for (let round = 0; round < 300; round++) {
    const alphabet = alphabets[round % alphabets.length] as number[]
    const common = 'k'.repeat(next(3) * 7)
    const table = new Memtable(0)
    const expected: [key: string, at: number][] = []
    for (let count = next(200); count > 0; count--) {
      const bytes = Array.from({ length: next(12) }, () => alphabet[next(alphabet.length)] as number)
      const key = common + String.fromCharCode(...bytes)
      expected.push([key, table.size])
      table.write(key, next(3) === 0 ? undefined : 'value')
      // Sorted in parts, too.
      if (next(50) === 0) table.sorted()
    }
    expected.sort(([a, from], [b, to]) => (a < b ? -1 : a > b ? 1 : to - from))
    const sorted = [...table.sorted()]
    if (
      !t.same(
        sorted,
        expected.map(([, at]) => at),
      )
    ) {
      break
    }
  }
})

void t.test('a merge goes on after a source could not be read', async (t) => {
  /** Entries of a memtable, of which each second one has to be loaded, which fails once. */
  class Failing extends MemtableCursor {
    #hasFailed = false
    #count = 0
    override step(): boolean {
      super.step()
      return ++this.#count % 2 === 0
    }
    override load(): Promise<void> {
      this.#hasFailed = !this.#hasFailed
      return this.#hasFailed ? Promise.reject(new Error('once')) : Promise.resolve()
    }
  }
  const sources = ['ad', 'abce', 'bf'].map((keys) => {
    const table = new Memtable(0)
    for (const key of keys) table.write(key, `${key} of ${keys}`)
    return table
  })
  const merge = new Merge(sources.map((table) => new Failing(table, Infinity, false)))
  const found: string[] = []
  let failures = 0
  await merge.seek(undefined)
  for (let source; (source = merge.current);) {
    found.push(String(decodeValue(source.bytes, source.at, 'utf8')))
    for (merge.step(); merge.isWaiting;) await merge.load().catch(() => failures++)
  }
  t.same(found, ['a of ad', 'b of abce', 'c of abce', 'd of ad', 'e of abce', 'f of bf'])
  t.ok(failures > 0)
})

onEveryBackend(t, 'what is read stays as it was while all of it is changed and merged', async (t, backend) => {
  const context = new Context({ backend })
  const db = new CaioLevel(temporaryDirectory(t), { writeBufferSize: 16 * 1024, cacheSize: 64 * 1024, context })
  const keyOf = (number: number): string => `ключ ${String(number).padStart(5, '0')}`
  // Sizes of a few bytes, of more than a page, and of more than a table in memory.
  const valueOf = (number: number, round: number): string => {
    return `${number} of ${round}`.padEnd(number % 100 === 0 ? 20_000 : number % 10 === 0 ? 5000 : 1)
  }
  const expected = (round: number, numbers: readonly number[]): [string, string][] => {
    return numbers.map((number) => [keyOf(number), valueOf(number, round)])
  }
  const all = Array.from({ length: 600 }, (_, number) => number)
  for (const number of all) await db.put(keyOf((number * 7) % 600), valueOf((number * 7) % 600, 1))
  const [snapshot, iterator] = [db.snapshot(), db.iterator()]
  const begun = await iterator.nextv(100)
  const kept = all.filter((number) => number % 3 === 0)
  await db.batch(
    all.map((number) =>
      number % 3 === 0
        ? { type: 'put' as const, key: keyOf(number), value: valueOf(number, 2) }
        : { type: 'del' as const, key: keyOf(number) },
    ),
  )
  await db.compact()
  const old = expected(1, all)
  t.same([...begun, ...(await iterator.all())], old, 'an iterator that was begun before')
  t.same(await db.iterator({ snapshot, reverse: true }).all(), old.toReversed(), 'a snapshot, backwards')
  t.equal(await db.get(keyOf(1), { snapshot }), valueOf(1, 1), 'a value of a snapshot')
  await snapshot.close()
  t.same(await db.iterator().all(), expected(2, kept), 'what comes after')
  const middle = kept.filter((number) => number >= 200 && number < 400)
  const range = { gte: keyOf(200), lt: keyOf(400), reverse: true }
  t.same(await db.iterator(range).all(), expected(2, middle).toReversed(), 'a range, backwards')
  t.equal(await db.get(keyOf(1)), undefined)
  await db.close()
  await db.open()
  t.same(await db.iterator().all(), expected(2, kept), 'after it was opened again')
  t.same(
    await db.getMany(kept.map(keyOf)),
    kept.map((number) => valueOf(number, 2)),
    'by their keys',
  )
  await db.close()
  await context.close()
})

/** Each change gets its own table on one backend; on the others all stay in memory. */
onEveryBackend(t, 'the suite of abstract-level', async (t, backend) => {
  // Its calls are those of `linux`.
  if (backend === 'uring') return
  const args = [temporaryDirectory(t), backend === 'linux' ? '100' : '4000000']
  const options = { cwd: packageRoot, env: { CAIO_IMPL: backend }, timeout: 300_000 }
  const { code, stdout, stderr } = await runProgram(program('suite'), args, options)
  t.equal(code, 0, stderr)
  const [, passed = '0'] = /^# pass +(\d+)$/m.exec(stdout) ?? []
  t.ok(Number(passed) > 4000, `${passed} assertions`)
  t.notMatch(stdout, /^not ok/m)
})

type State = Map<string, number>

/** Differences from the acknowledged state: each lane may have one unacknowledged change. */
function missing(known: State, found: State): string[] {
  const faults: string[] = []
  const unknown = new Map<string, string>()
  for (const slot of new Set([...known.keys(), ...found.keys()])) {
    const [before, after] = [known.get(slot) ?? -1, found.get(slot) ?? -1]
    if (before === after) continue
    const lane = slot.split(':')[0] as string
    if (unknown.has(lane)) faults.push(`${slot} and ${unknown.get(lane)}: two changes without acknowledgement`)
    if (after >= 0 && after < before) faults.push(`${slot}: ${before} became ${after}`)
    unknown.set(lane, slot)
  }
  return faults
}

function apply(state: State, [lane, slot, number]: Acknowledged): void {
  if (number < 0) state.delete(`${lane}:${slot}`)
  else state.set(`${lane}:${slot}`, number)
}

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  const directory = temporaryDirectory(t)
  let known: State = new Map()
  let acknowledged = 0
  for (let round = 0; round <= rounds; round++) {
    const options = { env: { CAIO_IMPL: backend }, from: 2 }
    const { lines, stderr } = await killedRun(program('writer'), [directory, String(round)], LIFE, options)
    const found = JSON.parse(lines[0] ?? '{"faults": ["nothing was said"], "slots": []}') as Found
    const state: State = new Map()
    for (const slot of found.slots) apply(state, slot)
    const faults = [...found.faults, ...missing(known, state), ...(stderr ? [stderr] : [])]
    t.equal(faults.join('; '), '', `round ${round}`)
    for (const line of lines.slice(1)) apply(state, JSON.parse(line) as Acknowledged)
    acknowledged += lines.length - 1
    known = state
  }
  t.ok(acknowledged > rounds, `${acknowledged} changes were acknowledged`)
  t.comment(`counted: ${backend}: ${rounds + 1} kills, ${acknowledged} changes acknowledged, none lost`)
})
