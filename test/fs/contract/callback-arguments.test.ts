/** The callback API by every overload, and with invalid callbacks and descriptors. */
// @thorough node linux thread pure
import t from 'tap'
import nodeFs from 'node:fs'
import { readCalls, writeCalls } from '../arguments/buffer-calls.js'
import { compareCalls } from '../arguments/compare.js'
import { filled, literals, named, views } from '../../support/argument-values.js'
import { vectorCalls } from '../arguments/vector-calls.js'
import { descriptorPairMaker, fs, oracle, outcomeOfCall, tellsTheSame } from '../callbacks.js'
import { outcomeOf, same } from '../../support/differential.js'

await t.test('read', (t) => compareCalls(t, 'read', readCalls(), 900, descriptorPairMaker(t)))
// A function in place of a string's position is the callback: the test's own would never be called.
const writes = writeCalls().filter(({ name }) => !name.startsWith('"text", function'))
await t.test('write', (t) => compareCalls(t, 'write', writes, 600, descriptorPairMaker(t)))
await t.test('readv', (t) => compareCalls(t, 'readv', vectorCalls(), 300, descriptorPairMaker(t)))
await t.test('writev', (t) => compareCalls(t, 'writev', vectorCalls(), 300, descriptorPairMaker(t)))

/** Without a symbol: plain Node aborts on one. */
const descriptors = [
  ...literals(undefined, null, -1, -0.5, 1.5, NaN, Infinity, 2 ** 31, 2 ** 31 - 1, '3', '', true, 3n),
  named('{}', () => ({})),
]
const plainArguments = {
  read: () => [filled(4), 0, 4, 0],
  write: () => [filled(4), 0, 4, 0],
  readv: () => [[filled(4)], 0],
  writev: () => [[filled(4)], 0],
  fsync: () => [],
  fdatasync: () => [],
  close: () => [],
} as const
const names = Object.keys(plainArguments) as (keyof typeof plainArguments)[]

await t.test('descriptors that are none', async (t) => {
  for (const name of names) {
    for (const fd of descriptors) {
      const outcome = (side: typeof fs): unknown => outcomeOfCall(side[name], fd.make(), ...plainArguments[name]())
      same(t, await outcome(fs), await outcome(oracle), `${name}(${fd.name})`)
    }
  }
})

await t.test('callbacks that are none', async (t) => {
  const callbacks = [
    ...literals(null, 0, 1, '', 'callback', true, Symbol.for('callback')),
    named('{}', () => ({})),
    named('promise', () => Promise.resolve()),
    named('class', () => class {}),
  ]
  for (const name of names.filter((each) => each !== 'close')) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const fd = nodeFs.openSync(path, 'r+')
      const outcomes = []
      const calls: unknown[][] = [[], ...callbacks.slice(0, -1).map((callback) => [callback.make()])]
      for (const rest of calls) {
        outcomes.push(await outcomeOf(() => fs[name](fd, ...plainArguments[name](), ...rest)))
      }
      nodeFs.closeSync(fd)
      return outcomes
    })
  }
  for (const name of ['readFile', 'writeFile', 'appendFile'] as const) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const outcomes = []
      for (const callback of callbacks.slice(0, -1)) {
        outcomes.push(await outcomeOf(() => fs[name](path, ...(name === 'readFile' ? [] : ['text']), callback.make())))
        outcomes.push(
          await outcomeOf(() => fs[name](path, ...(name === 'readFile' ? [] : ['text']), null, callback.make())),
        )
      }
      return outcomes
    })
  }
})

const options = [
  ...literals(undefined, null, 'utf8', 'latin1', 'hex', 'base64url', 'nonsense', '', 5, true),
  ...[
    {},
    { encoding: null },
    { encoding: 'utf8' },
    { encoding: 'nonsense' },
    { flag: 'r' },
    { flag: 'r+' },
    { flag: 'a' },
    { flag: 'a+' },
    { flag: 'w' },
    { flag: 'wx' },
    { flag: 'nonsense' },
    { flag: '' },
    { flag: 0 },
    { mode: 0o600 },
    { mode: '600' },
    { mode: -1 },
    { flush: true },
    { flush: 'yes' },
    { signal: undefined },
    { signal: AbortSignal.abort() },
    { signal: {} },
    { later: 1 },
  ].map((each) => named(JSON.stringify(each), () => each)),
]

await t.test('options of whole files', async (t) => {
  for (const { name, make } of options) {
    await tellsTheSame(
      t,
      `readFile(${name})`,
      ({ fs, path }) => outcomeOfCall(fs.readFile, path, make()),
      'grüße aus dem Speicher',
    )
    for (const method of ['writeFile', 'appendFile'] as const) {
      await tellsTheSame(t, `${method}(${name})`, async ({ fs, path }) => [
        await outcomeOfCall(fs[method], path, '6b756368656e', make()),
        await outcomeOfCall(fs[method], `${path}-new`, '6b756368656e', make()),
        nodeFs
          .readdirSync(`${path}/..`)
          .map((each) => [
            each,
            nodeFs.readFileSync(`${path}/../${each}`, 'latin1'),
            nodeFs.statSync(`${path}/../${each}`).mode,
          ]),
      ])
    }
  }
})

await t.test('data of whole files', async (t) => {
  // For a detached DataView, plain Node throws an error that cannot be caught.
  for (const { name, make } of views.filter((view) => view.name !== 'detached DataView')) {
    await tellsTheSame(t, `writeFile(${name})`, async ({ fs, path }) => [
      await outcomeOfCall(fs.writeFile, path, make()),
      nodeFs.readFileSync(path, 'hex'),
    ])
  }
})

await t.test('paths of whole files', async (t) => {
  const paths: [string, (path: string) => unknown][] = [
    ['string', (path) => path],
    ['Buffer', (path) => Buffer.from(path)],
    ['URL', (path) => new URL(`file://${path}`)],
    ['URL of no file', () => new URL('http://example.invalid/')],
    ['with a NUL', (path) => `${path}\0`],
    ['with a NUL in a URL', (path) => new URL(`file://${path}%00`)],
    ['empty', () => ''],
    ['missing', (path) => `${path}-missing`],
    ['below a file', (path) => `${path}/below`],
    ['a directory', (path) => `${path}/..`],
    ['too long', (path) => path + 'x'.repeat(300)],
    ['undefined', () => undefined],
    ['null', () => null],
    ['object', () => ({})],
  ]
  for (const [name, of] of paths) {
    await tellsTheSame(t, name, async ({ fs, path }) => [
      await outcomeOfCall(fs.readFile, of(path), 'utf8'),
      await outcomeOfCall(fs.appendFile, of(path), 'text'),
      await outcomeOfCall(fs.writeFile, of(path), 'text'),
    ])
  }
  await tellsTheSame(t, 'a descriptor, whose position moves', async ({ fs, path }) => {
    const fd = nodeFs.openSync(path, 'r+')
    const outcomes = []
    for (let times = 0; times < 2; times++) outcomes.push(await outcomeOfCall(fs.readFile, fd, 'latin1'))
    outcomes.push(await outcomeOfCall(fs.writeFile, fd, 'behind'))
    nodeFs.closeSync(fd)
    return [outcomes, nodeFs.readFileSync(path, 'latin1')]
  })
})
