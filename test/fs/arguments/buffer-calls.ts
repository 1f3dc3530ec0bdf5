/**
 * Calls of read and write, by every overload: some plain, most odd, except those that make plain
 * Node abort.
 */
import { combinations, filled, literals, named, offsets, positions, views } from '../../support/argument-values.js'
import type { Call, Named } from '../../support/argument-values.js'

const buffer = [named('Buffer', () => filled(16))]
const zero = literals(0)
const four = literals(4)

/** Without NaN, '4' and true for reads, and -0 for writes: Node aborts on those. */
export const readLengths = literals(
  undefined,
  null,
  0,
  -0,
  1,
  13,
  15,
  16,
  17,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  Infinity,
  4n,
)
export const writeLengths = [
  ...literals(undefined, null, 0, 1, 13, 15, 16, 17, -1, 2 ** 31, 2 ** 53, Infinity, NaN, 1.5, '4', 4n, true),
]

const somePositions = literals(undefined, null, 0, 5, 24, 30)

/** Forms of an options object, made from the keys to spread into it. */
const forms: [string, (options: object) => object][] = [
  ['', (options) => options],
  ['null prototype ', (options) => Object.assign(Object.create(null) as object, options)],
  ['frozen ', (options) => Object.freeze(options)],
  ['inherited ', (options) => Object.create(options) as object],
  ['with an unknown key ', (options) => ({ ...options, signal: undefined, later: 1 })],
  ['with a key that Node reads nowhere ', (options) => ({ ...options, autocrlf: 1 })],
  ['with a symbol ', (options) => ({ ...options, [Symbol.for('x')]: 1 })],
  ['hidden keys ', (options) => hidden(options)],
  ['Proxy ', (options) => new Proxy(options, {})],
  [
    'function with keys ',
    (options) => Object.defineProperties(() => undefined, Object.getOwnPropertyDescriptors(options)),
  ],
  ['array with keys ', (options) => Object.assign([], options)],
  ['date with keys ', (options) => Object.assign(new Date(0), options)],
]

function hidden(options: object): object {
  const descriptors = Object.getOwnPropertyDescriptors(options)
  return Object.defineProperties(
    {},
    mapValues(descriptors, (each) => ({ ...each, enumerable: false })),
  )
}

function mapValues<T, U>(object: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))
}

const lists: object[] = [
  {},
  { position: 0 },
  { position: 5 },
  { position: null },
  { position: undefined },
  { position: 5n },
  { position: -1 },
  { position: 2 ** 53 },
  { offset: 0, length: 4, position: 0 },
  { offset: 2, length: 4, position: 3 },
  { offset: 2, position: 3 },
  { length: 4, position: 3 },
  { offset: 16, position: 0 },
  { offset: 17, position: 0 },
  { offset: 4, length: 13, position: 0 },
  { offset: -1, position: 0 },
  { offset: 1.5, position: 0 },
  { offset: 4n, position: 0 },
  { offset: null, length: 4, position: 0 },
  { offset: '1', length: 4, position: 0 },
  { offset: 0, length: 0, position: 0 },
  { offset: 0, length: -1, position: 0 },
  { offset: 0, length: null, position: 0 },
  { offset: 0, length: undefined, position: 0 },
]

const show = (options: object): string =>
  `{${Object.entries(options)
    .map(([key, value]) => `${key}: ${literals(value)[0]?.name}`)
    .join(', ')}}`

function optionsObjects(extra: () => object): Named[] {
  const all = lists.flatMap((list) => named(show(list), () => ({ ...extra(), ...list })))
  const formed = forms.flatMap(([name, form]) =>
    lists.slice(0, 11).map((list) => named(name + show(list), () => form({ ...extra(), ...list }))),
  )
  return [...all, ...formed]
}

const strange = [...literals('4', true, 4n, Symbol.for('o')), named('function', () => () => 4)]

function shared(lengths: Named[]): Call[] {
  return [
    ...combinations(views, zero, four, literals(0, null)),
    ...combinations(views),
    ...combinations(views, [named('{position: 0}', () => ({ position: 0 }))]),
    ...combinations(buffer, offsets, lengths, literals(5)),
    ...combinations(buffer, offsets, literals(undefined, 4), literals(null)),
    ...combinations(buffer, zero, four, positions),
    ...combinations(buffer, literals(3), literals(13), somePositions),
    ...combinations(
      buffer,
      optionsObjects(() => ({})),
    ),
    ...combinations(buffer, strange, four, literals(0)),
    ...combinations(buffer, [named('null', () => null)], four, literals(0)),
  ]
}

export function readCalls(): Call[] {
  return [
    { name: 'nothing', make: () => [] },
    ...shared(readLengths),
    ...combinations(optionsObjects(() => ({ buffer: filled(16) }))),
    ...combinations(optionsObjects(() => ({}))),
    ...combinations(
      views.map((view) => named(`{buffer: ${view.name}, position: 0}`, () => ({ buffer: view.make(), position: 0 }))),
    ),
  ]
}

const encodings = literals(undefined, null, 'utf8', 'latin1', 'hex', 'base64', 'utf16le', 'nonsense', 5, '')
const strings = literals('', 'text', 'žluťoučký kůň 🐎', 'abc', '68656c6c6f')

export function writeCalls(): Call[] {
  return [
    { name: 'nothing', make: () => [] },
    ...shared(writeLengths),
    ...combinations(strings, somePositions, encodings),
    ...combinations(literals('text'), positions),
  ]
}
