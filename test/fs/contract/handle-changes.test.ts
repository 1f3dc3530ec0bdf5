/** A handle's changes of its file: results, errors, and the file afterwards, as in Node. */
// @quick linux
// @thorough node thread pure uring
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import t from 'tap'
import { outcomeOf, pairMaker, same } from '../../support/differential.js'
import type { Side } from '../../support/differential.js'
import { encodings, lengths, literals, modes, objects, owners, times, value } from '../paths/values.js'
import type { Value } from '../paths/values.js'

type Name = 'truncate' | 'chmod' | 'chown' | 'utimes' | 'writeFile' | 'appendFile'

/** Every combination. */
function rowsOf(...columns: Value[][]): Value[][] {
  return columns.reduce<Value[][]>((rows, column) => rows.flatMap((row) => column.map((each) => [...row, each])), [[]])
}

const content: Value[] = [
  ...literals('text', 'žluťoučký', '', 'é', 5, null, undefined, true, 3n),
  value('a Buffer', () => Buffer.from('bytes')),
  value('an empty Buffer', () => Buffer.alloc(0)),
  value('a Float64Array', () => Float64Array.of(1, 2)),
  value('a DataView', () => new DataView(new ArrayBuffer(6), 2, 3)),
  value('memory that is shared', () => new Uint8Array(new SharedArrayBuffer(4))),
  value('memory that was given away', () => {
    const view = new Uint8Array(4)
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  }),
  value('a megabyte', () => Buffer.alloc(1024 * 1024 + 7, 'x')),
  value('a list of strings', () => ['a', 'b']),
  value('a generator', function* () {
    yield 'one'
    yield 'two'
  } as never),
  ...objects({}),
]
const flags = objects({ flag: 'r' }, { flush: true }, { mode: 5 }, { signal: AbortSignal.abort() }, { flag: 'a' })
const writes = [...rowsOf(content), ...rowsOf(content.slice(0, 4), encodings), ...rowsOf(literals('text'), flags)]

const calls: Record<Name, Value[][]> = {
  truncate: [[], ...rowsOf(lengths)],
  chmod: [[], ...rowsOf(modes)],
  chown: [[], ...rowsOf(owners), ...rowsOf(owners, literals(7)), ...rowsOf(literals(7), owners)],
  utimes: [[], ...rowsOf(times), ...rowsOf(times, literals(1.25)), ...rowsOf(literals(1e9 + 0.1234567891), times)],
  writeFile: [[], ...writes],
  appendFile: [[], ...writes],
}

/** Attributes that the test itself makes equal. Times that are now on either side are not compared. */
function factsOf({ path }: Side, name: Name): unknown {
  const { mode, uid, gid, size, atimeNs, mtimeNs } = nodeFs.statSync(path, { bigint: true })
  const now = BigInt(Date.now() - 60_000) * 1_000_000n
  const old = (time: bigint): unknown => (name === 'utimes' && time < now ? time : 'now')
  return [mode, uid, gid, size, old(atimeNs), old(mtimeNs), size < 2n ** 24n && nodeFs.readFileSync(path, 'latin1')]
}

const given = { root: '', log: [] }

for (const name of Object.keys(calls) as Name[]) {
  await t.test(name, async (t) => {
    const makePair = pairMaker(t)
    for (const [at, row] of calls[name].entries()) {
      const kind = (['r+', 'r+', 'r', 'w', 'a+'] as const)[at % 5]
      const pair = await makePair('some content', kind)
      const stories: unknown[] = []
      for (const side of [pair.subject, pair.oracle]) {
        const handle = side.handle as FileHandle & Record<Name, (...args: unknown[]) => Promise<unknown>>
        // From its own position.
        if (kind === 'r+' && at % 2 === 0) await handle.read(Buffer.alloc(4))
        const outcome = await outcomeOf(() => handle[name](...row.map((each) => each.make(given))))
        const position = kind === 'r' ? undefined : await outcomeOf(() => handle.write('|'))
        stories.push([outcome, position, factsOf(side, name)])
      }
      await pair.close()
      same(t, stories[0], stories[1], `${kind}: ${row.map((each) => each.name).join(', ')}`)
    }
  })
}

await t.test('of a handle that is closed', async (t) => {
  const { subject, oracle, close } = await pairMaker(t)('content')
  await close()
  const ways: ((handle: FileHandle) => unknown)[] = [
    (handle) => handle.truncate(1),
    (handle) => handle.chmod(0o600),
    (handle) => handle.chown(1, 1),
    (handle) => handle.utimes(1, 1),
    (handle) => handle.writeFile('x'),
    (handle) => handle.appendFile('x'),
  ]
  for (const way of ways) {
    same(t, await outcomeOf(() => way(subject.handle)), await outcomeOf(() => way(oracle.handle)), String(way))
  }
})

await t.test('closed meanwhile', async (t) => {
  const { subject, oracle } = await pairMaker(t)('content')
  const stories: unknown[] = []
  for (const { handle, path } of [subject, oracle]) {
    const all = [handle.writeFile('more'), handle.truncate(2), handle.chmod(0o600), handle.close()]
    stories.push([(await Promise.allSettled(all)).map(({ status }) => status), nodeFs.statSync(path).mode])
  }
  same(t, stories[0], stories[1], 'all are done before')
})

await t.test('many at a time, in order', async (t) => {
  const { subject } = await pairMaker(t)('', 'w')
  const texts = Array.from({ length: 200 }, (_, at) => `line ${at}\n`)
  await Promise.all(texts.map((text) => subject.handle.appendFile(text)))
  const found = nodeFs.readFileSync(subject.path, 'utf8').split('\n').length
  t.equal(found, 201, 'nothing is lost')
})
