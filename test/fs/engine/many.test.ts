/** Of many calls at once, threads of the pool serve those that this thread would serve later. */
// @quick linux
// @thorough thread uring pure
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { defaultContext, patch, unpatch } from 'caio'
import type { OpcodeName } from 'caio'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'

const MANY = 300
const hasInline = subject === 'linux' || subject === 'uring'

/** Number of calls served inline, and by the pool. */
function ways(name: OpcodeName): readonly [inline: number, pool: number] {
  const { inline = 0, pool = 0, handOff = 0 } = defaultContext().stats().ways[name] ?? {}
  return [inline, pool + handOff]
}

/** How `act` was served. */
async function waysOf(name: OpcodeName, act: () => Promise<unknown>): Promise<readonly [inline: number, pool: number]> {
  const [inline, pool] = ways(name)
  await act()
  const after = ways(name)
  return [after[0] - inline, after[1] - pool]
}

/** How a call without others beside it is served, some calls later, on a turn of the event loop with room for it. */
async function waysAlone(name: OpcodeName, call: () => Promise<unknown>): ReturnType<typeof waysOf> {
  for (let calls = 0; calls < 10; calls++) await call()
  await setImmediate()
  return waysOf(name, call)
}

const times = <T>(count: number, act: (at: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
  Promise.allSettled(Array.from({ length: count }, (_, at) => act(at)))

const directory = temporaryDirectory(t)
const path = join(directory, 'file')
nodeFs.writeFileSync(path, 'content')
// Until the file system is known. If a turn of the loop had to wait, the pool serves all for a second.
const end = performance.now() + 10_000
while (hasInline && (await waysOf('stat', () => fs.stat(path)))[0] === 0 && performance.now() < end) {
  await setImmediate()
}

await t.test('looks, some of them at what is missing', async (t) => {
  const look = (at: number): Promise<nodeFs.Stats> =>
    fs.stat(at % 3 === 0 ? join(directory, 'missing') : path) as Promise<nodeFs.Stats>
  // The first calls take long: a turn would be over before the next.
  await times(10, look)
  await setImmediate()
  let results: PromiseSettledResult<nodeFs.Stats>[] = []
  const [inline, pool] = await waysOf('stat', async () => {
    results = await times(MANY, look)
  })
  for (const [at, result] of results.entries()) {
    if (at % 3 === 0) t.equal(result.status === 'rejected' && result.reason.code, 'ENOENT')
    else t.equal(result.status === 'fulfilled' && result.value.size, 7)
  }
  if (!hasInline) return
  t.equal(inline + pool, MANY)
  t.ok(inline > 0 && pool > MANY / 2, `inline ${inline}, pool ${pool}`)
  t.same(await waysAlone('stat', () => fs.stat(path)), [1, 0], 'one alone is inline again')
})

await t.test('whole files', async (t) => {
  const read = (): Promise<string> => fs.readFile(path, 'utf8')
  const alone = await waysAlone('readFile', read)
  const results = await times(MANY, read)
  t.ok(results.every((result) => result.status === 'fulfilled' && result.value === 'content'))
  t.same(await waysAlone('readFile', read), alone, 'one alone is served as before')
})

await t.test('opens and closes', async (t) => {
  const handles = await times(MANY, () => fs.open(path))
  const opened = handles.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  t.equal(new Set(opened.map(({ fd }) => fd)).size, MANY)
  const closed = await times(MANY, (at) => (opened[at] as (typeof opened)[number]).close())
  t.ok(closed.every(({ status }) => status === 'fulfilled'))
  t.ok(opened.every(({ fd }) => fd === -1))
  if (hasInline) t.same(await waysAlone('stat', () => fs.stat(path)), [1, 0], 'one alone is inline again')
})

await t.test('with a callback', async (t) => {
  patch({ callbacks: true })
  t.teardown(unpatch)
  const stat = (): Promise<nodeFs.Stats> =>
    new Promise((resolve, reject) => nodeFs.stat(path, (error, stats) => (error ? reject(error) : resolve(stats))))
  const results = await times(MANY, stat)
  t.ok(results.every((result) => result.status === 'fulfilled' && result.value.size === 7))
  if (hasInline) t.same(await waysAlone('stat', stat), [1, 0], 'one alone is inline again')
})

await t.test('all places taken, and calls that wait for one that has a place', async (t) => {
  const { maxRequests } = defaultContext()
  const made = join(directory, 'made')
  const first = fs.mkdir(made)
  const others = Array.from({ length: maxRequests - 1 }, (_, at) => fs.mkdir(`${made}-${at}`))
  const waiting = Array.from({ length: 20 }, () => fs.stat(made))
  const results = await Promise.allSettled([first, ...others, ...waiting])
  t.same(
    results.filter(({ status }) => status === 'rejected'),
    [],
  )
  t.match(defaultContext().stats(), { inFlight: 0, waiting: 0 })
})
