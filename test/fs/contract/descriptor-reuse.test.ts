/** Descriptor numbers are reused at once: a closed handle never touches the file that has its number now. */
// @thorough node linux thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

const LANES = 8
const ROUNDS = 60
const BLOCK = 4096
const BLOCKS = 8

const pattern = (letter: number): Buffer => Buffer.alloc(BLOCK, 65 + letter)

/** Makes calls of each kind, which write or read only this handle's own letter. */
function callsOn(handle: Loose, letter: number): Promise<unknown>[] {
  const at = (block: number): number => block * BLOCK
  return [
    handle.write(pattern(letter), 0, BLOCK, at(0)),
    handle.write(pattern(letter), { position: at(1) }),
    handle.writev([pattern(letter), pattern(letter)], at(2)),
    handle.write(pattern(letter).toString(), at(4)),
    handle.datasync(),
    handle.sync(),
  ]
}

async function readsOf(handle: Loose, letter: number): Promise<boolean> {
  const [one, two, three] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)]
  await Promise.all([handle.read(one, 0, BLOCK, 0), handle.readv([two, three], 2 * BLOCK)])
  return [one, two, three].every((each) => each.equals(pattern(letter)))
}

const codes = (settled: PromiseSettledResult<unknown>[]): unknown[] =>
  settled.map((each) => (each.status === 'fulfilled' ? 'done' : `${(each.reason as NodeJS.ErrnoException).code}`))

function contentIs(path: string, letter: number): boolean {
  const content = nodeFs.readFileSync(path)
  return content.length >= 5 * BLOCK && content.every((byte) => byte === 65 + letter)
}

await t.test(`${LANES} lanes open, use, close and reopen without pause`, async (t) => {
  const directory = temporaryDirectory(t)
  const numbers = new Map<number, number>()
  const old: { handle: Loose; letter: number }[] = []
  const problems: unknown[] = []
  const expect = (what: string, right: boolean): void => void (right || problems.push(what))

  const lane = async (letter: number): Promise<void> => {
    const path = join(directory, String(letter))
    nodeFs.writeFileSync(path, Buffer.alloc(BLOCKS * BLOCK, 65 + letter))
    for (let round = 0; round < ROUNDS; round++) {
      const handle = (await fs.open(path, 'r+')) as Loose
      numbers.set(handle.fd, (numbers.get(handle.fd) ?? 0) + 1)
      expect('reads its own file', await readsOf(handle, letter))
      const calls = Promise.allSettled(callsOn(handle, letter))
      // In flight, or not yet handed over, when close is called.
      await handle.close()
      expect(
        'calls before close succeed',
        codes(await calls).every((code) => code === 'done'),
      )
      old.push({ handle, letter })
      // Their numbers belong to other lanes by now.
      const stale = old[(round * 7 + letter) % old.length] as (typeof old)[number]
      const refused = codes(
        await Promise.allSettled([...callsOn(stale.handle, stale.letter), readsOf(stale.handle, 0)]),
      )
      expect(
        'calls after close are refused',
        refused.every((code) => code === 'EBADF'),
      )
    }
    expect(`the file of lane ${letter} holds its own letters`, contentIs(path, letter))
  }
  await Promise.all(Array.from({ length: LANES }, (_, letter) => lane(letter)))
  t.same(problems, [], 'no call touched another lane’s file')
  t.ok(Math.max(...numbers.values()) > ROUNDS / 2, 'numbers were used again')
})

await t.test('the number is not free while calls are in flight', async (t) => {
  const directory = temporaryDirectory(t)
  let clashes = 0
  for (let round = 0; round < 200; round++) {
    const [mine, other] = [join(directory, 'mine'), join(directory, 'other')]
    nodeFs.writeFileSync(mine, '')
    nodeFs.writeFileSync(other, '')
    const handle = (await fs.open(mine, 'r+')) as Loose
    const number = handle.fd
    const writes = Array.from({ length: 20 }, (_, at) => handle.write(pattern(at), 0, BLOCK, at * BLOCK))
    const closing = handle.close()
    const fd = nodeFs.openSync(other, 'r+')
    if (fd === number) clashes++
    await Promise.all(writes)
    await closing
    if (nodeFs.fstatSync(fd).size !== 0 || nodeFs.statSync(mine).size !== 20 * BLOCK) clashes++
    nodeFs.closeSync(fd)
  }
  t.equal(clashes, 0, `200 rounds on ${subject}`)
})

await t.test('what is known of a file is not known of the next with its number', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'file')
  nodeFs.writeFileSync(path, 'abcdefgh')
  /**
   * Uses the file, and opens another one under its number. An inline open briefly has a second
   * descriptor, and the engine may open one for itself: the number need not be the lowest free one.
   */
  async function reopen(other: string): Promise<readonly [used: number, opened: readonly Loose[]]> {
    const first = (await fs.open(path)) as Loose
    const used = first.fd
    await first.read(Buffer.alloc(4), 0, 4, 0)
    await first.close()
    const opened: Loose[] = []
    while (opened.length < 4 && opened.at(-1)?.fd !== used) opened.push((await fs.open(other)) as Loose)
    return [used, opened]
  }
  const others = [directory, '/dev/null', '/dev/zero', '/proc/self/status', path]
  for (const other of others) {
    let [number, opened] = await reopen(other)
    for (let attempt = 1; attempt < 5 && opened.at(-1)?.fd !== number; attempt++) {
      for (const handle of opened) await handle.close()
      ;[number, opened] = await reopen(other)
    }
    const second = opened.at(-1) as Loose
    t.equal(second.fd, number, 'the same number')
    const buffer = Buffer.alloc(4, 'x')
    const result = await second.read(buffer, 0, 4, 0).then(
      () => 'read',
      ({ code }: NodeJS.ErrnoException) => code,
    )
    t.equal(result, other === directory ? 'EISDIR' : 'read', other)
    t.equal(buffer.equals(Buffer.from('abcd')), other === path, 'its own bytes')
    for (const handle of opened) await handle.close()
  }
})

await t.test('many handles at once', async (t) => {
  const directory = temporaryDirectory(t)
  const HANDLES = 500
  const paths = Array.from({ length: HANDLES }, (_, at) => join(directory, String(at)))
  const handles = (await Promise.all(paths.map((path) => fs.open(path, 'w+')))) as Loose[]
  t.equal(new Set(handles.map(({ fd }) => fd)).size, HANDLES, 'each with a number of its own')
  await Promise.all(handles.map((handle, at) => handle.write(Buffer.from(`number ${at}`), 0, undefined, 0)))
  await Promise.all(handles.map((handle, at) => handle.writev([Buffer.from(` and ${at}`), Buffer.from('!')], 10)))
  await Promise.all(handles.map((handle, at) => (at % 2 ? handle.sync() : handle.datasync())))
  const heads = await Promise.all(handles.map((handle) => handle.read(Buffer.alloc(6), 0, 6, 0) as Promise<unknown>))
  t.ok(
    heads.every((head) => String((head as { buffer: Buffer }).buffer) === 'number'),
    'all are read',
  )
  await Promise.all(handles.map((handle) => handle.close()))
  const right = paths.filter((path, at) => {
    const content = nodeFs.readFileSync(path, 'latin1')
    return content === `${`number ${at}`.padEnd(10, '\0')} and ${at}!`
  })
  t.equal(right.length, HANDLES, 'each file has its own content')
})
