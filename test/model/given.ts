/**
 * Arguments for random calls: most are plain, so that the engine serves them, and some are as odd
 * as callers' arguments get.
 */
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { readLengths, writeLengths } from '../fs/arguments/buffer-calls.js'
import { filled, literals, named, offsets, positions, views } from '../support/argument-values.js'
import type { Named } from '../support/argument-values.js'

/** A value that is made anew for each side, and describes itself in a report. */
export class Given implements Named {
  constructor(
    readonly name: string,
    readonly make: () => unknown,
  ) {}

  [fc.toStringMethod](): string {
    return this.name
  }
}

export type Arguments = fc.Arbitrary<readonly Named[]>

const given = ({ name, make }: Named): Given => new Given(name, make)

export function oneOf(values: readonly Named[]): fc.Arbitrary<Named> {
  return fc.constantFrom(...values.map(given))
}

export function value(value: unknown): Named {
  return literals(value)[0] as Named
}

function bag(parts: Record<string, Named>): Named {
  const entries = Object.entries(parts)
  const text = entries.map(([key, { name }]) => `${key}: ${name}`).join(', ')
  return new Given(`{${text}}`, () => Object.fromEntries(entries.map(([key, part]) => [key, part.make()])))
}

/** An object with some of these keys. */
export function options(keys: Record<string, fc.Arbitrary<Named>>): fc.Arbitrary<Named> {
  return fc.record(keys, { requiredKeys: [] }).map((parts) => bag(parts as Record<string, Named>))
}

function list(parts: readonly Named[]): Named {
  return new Given(`[${parts.map(({ name }) => name).join(', ')}]`, () => parts.map((part) => part.make()))
}

/** Mostly within a page; sometimes more than one inline attempt moves. */
const sizes = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 64 }) },
  { weight: 1, arbitrary: fc.constantFrom(4096, 70_000) },
)

const letters = fc.integer({ min: 65, max: 90 })

/** Positions at which a write does not make the file too large to compare. */
const near = fc.oneof(
  { weight: 10, arbitrary: fc.nat(120) },
  { weight: 1, arbitrary: fc.constantFrom(4095, 4096, 65_536) },
)
const everywhere = oneOf(positions)
const harmless = oneOf(
  positions.filter(({ make }) => {
    const position = make()
    return typeof position !== 'number' || position < 10_000 || position >= 2 ** 53 || Number.isNaN(position)
  }),
)

function buffer(size: number, first: number): Named {
  return named(`${size} bytes`, () => filled(size, first))
}

interface Transfer extends Record<string, Named> {
  buffer: Named
  offset: Named
  length: Named
  position: Named
}

/** Only valid arguments. */
const transfer: fc.Arbitrary<Transfer> = fc
  .tuple(sizes, letters, fc.nat(100), fc.nat(100_000), near)
  .map(([size, first, a, b, position]) => {
    const offset = a % size
    const length = 1 + (b % (size - offset))
    return { buffer: buffer(size, first), offset: value(offset), length: value(length), position: value(position) }
  })

// Node's three overloads.
const plainTransfer: Arguments = transfer.map(({ buffer, offset, length, position }) => [
  buffer,
  offset,
  length,
  position,
])
const withOptions: Arguments = transfer.map(({ buffer, ...rest }) => [buffer, bag(rest)])
const inOneBag: Arguments = transfer.map((parts) => [bag(parts)])

function prefixes(...parts: fc.Arbitrary<Named>[]): Arguments {
  return fc.tuple(fc.tuple(...parts), fc.nat(parts.length)).map(([all, count]) => all.slice(0, count))
}

const oddView = oneOf(views)
const oddOffset = oneOf(offsets)

function oddTransfer(position: fc.Arbitrary<Named>, length: fc.Arbitrary<Named>): Arguments {
  const keys = { offset: oddOffset, length, position }
  return fc.oneof(
    prefixes(oddView, oddOffset, length, position),
    fc.tuple(oddView, options(keys)),
    fc.tuple(options({ buffer: oddView, ...keys })),
  )
}

const texts = oneOf([...literals('', 'text', 'größer', '6a6b6c', 'x'.repeat(500))])
const encodings = oneOf([...literals('utf8', undefined, 'latin1', 'hex', 'base64', 'ucs2', 'bad', null, 5)])

function vector(position: fc.Arbitrary<Named>, plain: fc.Arbitrary<Named>): Arguments {
  const pieces = fc.array(fc.tuple(fc.oneof(sizes, fc.constant(0)), letters), { minLength: 1, maxLength: 6 })
  const views = pieces.map((parts) => list(parts.map(([size, first]) => buffer(size, first))))
  const oddViews = fc.oneof(fc.array(oddView, { maxLength: 3 }).map(list), oddView)
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(views, plain) },
    { weight: 1, arbitrary: prefixes(oddViews, position) },
  )
}

const nearby = near.map(value)

export const transfers = {
  read: fc.oneof(
    { weight: 4, arbitrary: plainTransfer },
    { weight: 1, arbitrary: withOptions },
    { weight: 1, arbitrary: inOneBag },
    { weight: 2, arbitrary: oddTransfer(everywhere, oneOf(readLengths)) },
  ),
  write: fc.oneof(
    { weight: 4, arbitrary: plainTransfer },
    { weight: 1, arbitrary: withOptions },
    { weight: 2, arbitrary: oddTransfer(harmless, oneOf(writeLengths)) },
    { weight: 1, arbitrary: prefixes(texts, fc.oneof(nearby, harmless), encodings) },
  ),
  readv: vector(everywhere, nearby),
  writev: vector(harmless, nearby),
} satisfies Record<string, Arguments>

export const flag = fc.constantFrom(true, false).map(value)

const signals = [
  named('aborted', () => AbortSignal.abort()),
  named('aborted with a reason', () => AbortSignal.abort(new RangeError('enough'))),
  named('never aborted', () => new AbortController().signal),
  ...literals('no signal'),
]
const flags = (plain: string): fc.Arbitrary<Named> =>
  oneOf(literals(plain, 'r', 'r+', 'a+', 'wx', 'ax', 'w', 'bad', null, 0))
const modes = oneOf(literals(0o600, 0o444, '644', 0o7777, -1, 1.5, 'mode', null))

const readFlags = oneOf(literals('r', 'r+', 'bad', null, undefined))

/** Arguments of readFile after the path. */
export const readOptions: Arguments = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.tuple(encodings) },
  { weight: 2, arbitrary: fc.tuple(options({ encoding: encodings, flag: readFlags, signal: oneOf(signals) })) },
  { weight: 1, arbitrary: fc.tuple(oneOf(literals(7, true, Symbol.for('o')))) },
)

const pieces = ['one ', 'two ', 'three']
const data = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(sizes, letters).map(([size, first]) => buffer(size, first)) },
  { weight: 3, arbitrary: texts },
  { weight: 2, arbitrary: oddView },
  {
    weight: 1,
    arbitrary: oneOf([
      named('an array of strings', () => pieces),
      named('a generator', () => pieces.values()),
      named('an async generator', () =>
        (async function* () {
          yield* pieces
        })(),
      ),
    ]),
  },
)

/** Arguments of writeFile and appendFile after the path. */
export function writeOptions(flag: string): Arguments {
  const bag = options({
    encoding: encodings,
    mode: modes,
    flag: flags(flag),
    flush: oneOf(literals(true, false, 'yes')),
    signal: oneOf(signals),
  })
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(data) },
    { weight: 1, arbitrary: fc.tuple(data, encodings) },
    { weight: 2, arbitrary: fc.tuple(data, bag) },
    { weight: 1, arbitrary: fc.constant([]) },
  )
}

/** A name in a side's directory, in one of the forms that callers use. */
export interface Path {
  name: string
  make(directory: string): unknown
}

const names = [
  'a',
  'b',
  'c',
  'empty',
  'large',
  'missing',
  'directory',
  'directory/inner',
  'directory/below/inner',
  'link',
  'dangling',
  'none/such',
  'a/below',
  'n'.repeat(300),
]

export const paths: fc.Arbitrary<Path> = fc
  .oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names.slice(0, 6)) },
    { weight: 2, arbitrary: fc.constantFrom(...names) },
  )
  .chain((name) => {
    const forms: Path[] = [
      { name, make: (directory) => `${directory}/${name}` },
      { name: `Buffer of ${name}`, make: (directory) => Buffer.from(`${directory}/${name}`) },
      { name: `URL of ${name}`, make: (directory) => pathToFileURL(`${directory}/${name}`) },
      { name: `${name} with a zero`, make: (directory) => `${directory}/${name}\0b` },
      { name: 'nothing', make: () => undefined },
      { name: '7', make: () => 7 },
      { name: 'empty', make: () => '' },
      { name: 'a web page', make: () => new URL('http://host/page') },
    ]
    const [plain, ...odd] = forms as [Path, ...Path[]]
    return fc.oneof({ weight: 8, arbitrary: fc.constant(plain) }, { weight: 2, arbitrary: fc.constantFrom(...odd) })
  })
