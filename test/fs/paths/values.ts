/**
 * Paths and other arguments of every kind: each made anew for every call, since it may name the
 * tree's own directory.
 */
import { constants } from 'node:fs'
import { NON_ASCII, NOT_UTF8 } from './tree.js'

/** Context of a call: the tree's root, and a log of what the call reads. */
export interface Given {
  root: string
  log: string[]
}

export interface Value {
  name: string
  make(given: Given): unknown
}

export const value = (name: string, make: (given: Given) => unknown): Value => ({ name, make })

export function literals(...values: unknown[]): Value[] {
  const text = (each: unknown): string => {
    if (typeof each === 'bigint') return `${each}n`
    return Object.is(each, -0) ? '-0' : typeof each === 'string' ? JSON.stringify(each) : String(each)
  }
  return values.map((each) => value(text(each), () => each))
}

/** Objects with these properties, made anew, since some functions keep them. */
export function objects(...list: object[]): Value[] {
  const text = (each: object): string =>
    Object.entries(each)
      .map(([key, held]) => `${key}: ${String(held)}`)
      .join(', ')
  return list.map((each) => value(`{${text(each)}}`, () => ({ ...each })))
}

/** An object that logs every access. */
function watched(object: object, { log }: Given): object {
  const note = (what: string, key: PropertyKey): void => void log.push(`${what} ${String(key)}`)
  return new Proxy(object, {
    get: (target, key, receiver) => (note('get', key), Reflect.get(target, key, receiver)),
    has: (target, key) => (note('has', key), Reflect.has(target, key)),
    ownKeys: (target) => (note('keys of', 'it'), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, key) => (
      note('descriptor of', key),
      Reflect.getOwnPropertyDescriptor(target, key)
    ),
  })
}

function getters(object: object, { log }: Given): object {
  const note = (key: string, held: unknown): unknown => (log.push(`get ${key}`), held)
  const entries = Object.entries(object)
  return Object.defineProperties(
    {},
    Object.fromEntries(entries.map(([key, held]) => [key, { get: () => note(key, held), enumerable: true }])),
  )
}

function throwing(key: string): object {
  return Object.defineProperty({}, key, {
    enumerable: true,
    get: () => {
      throw new RangeError(`thrown by ${key}`)
    },
  })
}

/** One object in the shapes in which programs pass options. */
function shapes(object: object): Value[] {
  return [
    value('options by getters', (given) => getters(object, given)),
    value('a Proxy of options', (given) => watched(object, given)),
    value('inherited options', () => Object.create(object) as object),
    value('options without a prototype', () => Object.assign(Object.create(null) as object, object)),
    value('frozen options', () => Object.freeze({ ...object })),
    value('options of a class', () => Object.assign(new (class Options {})(), object)),
    value('an array with options', () => Object.assign([], object)),
    value('a date with options', () => Object.assign(new Date(0), object)),
    value('options with more', () => ({ later: 1, signal: undefined, [Symbol.for('x')]: 1, ...object })),
    ...Object.keys(object).map((key) => value(`a getter that throws: ${key}`, () => throwing(key))),
  ]
}

const below = (name: string, path: string): Value => value(name, ({ root }) => `${root}/${path}`)
const at = (path: string): Value => below(path, path)
const url = (name: string, path: string): Value => value(name, ({ root }) => new URL(`file://${root}/${path}`))

/** The few paths with which every set of options is tried. */
export const [FILE, DIR, MISSING] = [at('file'), at('dir'), at('missing')] as const

/** All inside the tree: some functions remove files, and the tests run as root. */
export const paths: Value[] = [
  ...[FILE, DIR, MISSING],
  ...['hard-link', 'link', 'dir-link', 'dangling', 'loop', 'empty', 'secret', 'dir/inner', 'dir-link/inner'].map(at),
  ...['missing/x', 'file/x', 'link/x', 'loop/x', 'dangling/x', 'empty/.', 'empty/..', 'dir/../file', './/.//file'].map(
    at,
  ),
  ...['dir/', 'dir//', 'file/', 'missing/', 'link/', 'dir-link/', 'dangling/', 'empty/', 'file/.', 'empty/../..'].map(
    at,
  ),
  ...[NON_ASCII, 'č'.repeat(127), 'a%2Fb', 'with space', 'new\nline', 'XXXXXX'].map(at),
  below('a lone surrogate', '\ud800'),
  below('name of 255 bytes', 'x'.repeat(255)),
  below('name of 256 bytes', 'x'.repeat(256)),
  below('name of 129 two-byte characters', 'č'.repeat(129)),
  below('path of 4000 bytes, to nothing', `${'a'.repeat(199)}/`.repeat(20)),
  below('path of 3000 bytes, to a file', `${'./'.repeat(1450)}file`),
  below('path of 5000 bytes', `${'x'.repeat(199)}/`.repeat(25)),
  below('path of 5000 bytes, by dots', `${'./'.repeat(2500)}file`),
  below('NUL at the end', 'file\0'),
  below('NUL inside', 'fi\0le'),
  ...literals('', '.', '..', 'file', 'dir/', 'dir/inner', 'missing', './link', '../root/file', 'file\0', '\0', 'empty'),
  ...literals('file:///tmp'),
  value('Buffer', ({ root }) => Buffer.from(`${root}/file`)),
  value('Buffer of a directory', ({ root }) => Buffer.from(`${root}/empty`)),
  value('Buffer of nothing there', ({ root }) => Buffer.from(`${root}/missing`)),
  value('Buffer that is not UTF-8', ({ root }) => Buffer.concat([Buffer.from(`${root}/`), NOT_UTF8])),
  value('Buffer that is not UTF-8 and not there', ({ root }) => Buffer.from(`${root}/\xfe\xc3`, 'latin1')),
  value('relative Buffer', () => NOT_UTF8),
  value('Uint8Array', () => new Uint8Array(Buffer.from('file'))),
  value('Uint8Array in the middle', () => new Uint8Array(new Uint8Array(Buffer.from('__file__')).buffer, 2, 4)),
  value('Uint16Array', () => new Uint16Array(4)),
  value('DataView', () => new DataView(new ArrayBuffer(4))),
  value('ArrayBuffer', () => new ArrayBuffer(4)),
  value('empty Buffer', () => Buffer.alloc(0)),
  value('Buffer with a NUL', () => Buffer.from('file\0')),
  url('URL', 'file'),
  url('URL of a directory', 'empty/'),
  url('URL of nothing there', 'missing'),
  url('URL with %20', 'with%20space'),
  url('URL, non-ASCII', NON_ASCII),
  url('URL with %2F', 'dir%2Finner'),
  url('URL with %00', 'file%00'),
  url('URL with a query', 'file?a=b#c'),
  value('URL of localhost', ({ root }) => new URL(`file://localhost${root}/file`)),
  value('URL of another host', () => new URL('file://example.invalid/file')),
  value('http URL', () => new URL('http://example.invalid/file')),
  value('object like a URL', ({ root }) => ({
    href: `file://${root}/file`,
    protocol: 'file:',
    pathname: `${root}/file`,
  })),
  value('String object', () => Object('file') as unknown),
  value('array of a string', () => ['file']),
  value('object with toString', () => ({ toString: () => 'file' })),
  value('function', () => () => 'file'),
  ...literals(undefined, null, -1, 0.5, 99_999, 2 ** 40, NaN, 3n, true, false, Symbol.for('path')),
  ...objects({}, { path: 'file' }),
]

/** Values that getOptions takes for an encoding, and others. */
export const encodings: Value[] = [
  ...literals(
    undefined,
    null,
    'utf8',
    'utf-8',
    'UTF-8',
    'buffer',
    'latin1',
    'hex',
    'base64',
    'base64url',
    'ucs2',
    'ascii',
  ),
  ...literals('binary', 'Buffer', 'nonsense', '', 0, 5, true, 3n, Symbol.for('encoding')),
  ...['utf8', 'buffer', 'hex', 'nonsense', '', null, undefined, 5, true].flatMap((encoding) => objects({ encoding })),
  ...objects({}, { later: 1 }),
  ...shapes({ encoding: 'hex' }),
]

export const statOptions: Value[] = [
  ...literals(undefined, null, 'utf8', 0, 5, true, 3n),
  ...[true, false, undefined, null, 1, 0, 'true', {}].flatMap((bigint) => objects({ bigint })),
  ...objects({}, { throwIfNoEntry: false }, { throwIfNoEntry: false, bigint: true }, { later: 1 }),
  ...shapes({ bigint: true }),
]

const { R_OK, W_OK, X_OK, F_OK, COPYFILE_EXCL, COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE } = constants
const oddNumbers = [-1, -0, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, '0', '7', 'x', '', null, undefined, true, 1n]

export const accessModes: Value[] = [
  ...literals(F_OK, R_OK, W_OK, X_OK, R_OK | W_OK, 7, 8, 64, ...oddNumbers),
  ...objects({}, { mode: 4 }),
]

export const copyModes: Value[] = [
  ...literals(0, COPYFILE_EXCL, COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE, COPYFILE_EXCL | COPYFILE_FICLONE, 7, 8),
  ...literals(...oddNumbers),
  ...objects({}, { mode: 1 }),
]

/** Flags of `open`, without -0: plain Node aborts. */
export const openFlags: Value[] = [
  ...literals('r', 'rs', 'sr', 'r+', 'rs+', 'sr+', 'w', 'wx', 'xw', 'w+', 'wx+', 'xw+', 'a', 'ax', 'xa', 'as', 'sa'),
  ...literals('a+', 'ax+', 'xa+', 'as+', 'sa+', 'R', 'rw', 'x', '', '0', '__proto__', 'constructor'),
  ...literals(constants.O_RDONLY, constants.O_WRONLY, constants.O_RDWR, 3, constants.O_CREAT | constants.O_RDWR),
  ...literals(constants.O_DIRECTORY, constants.O_NOFOLLOW, constants.O_CREAT | constants.O_EXCL, constants.O_NONBLOCK),
  ...literals(-1, 1.5, NaN, Infinity, 2 ** 32, true, null, undefined, 5n, Symbol.for('flags')),
  ...objects({}, { flags: 'w' }),
]

/** Without -0 and 2 ** 31 to 2 ** 32 - 1: plain Node aborts. */
export const modes: Value[] = [
  ...literals(0, 0o600, 0o644, 0o7777, 0o10000, 0o100644, 2 ** 31 - 1, 2 ** 32),
  ...literals('600', '0644', '0o644', '7777', '888', '-1', '77777777777', '17777777777'),
  ...literals(-1, 1.5, NaN, Infinity, 2 ** 53, 'x', '', null, undefined, true, 5n, Symbol.for('mode')),
  ...objects({}, { mode: 0o600 }),
]

export const mkdirOptions: Value[] = [
  ...modes,
  ...[0o700, '700', 'x', null, undefined, -1, 1.5, 0o7777, true, {}].flatMap((mode) => objects({ mode })),
  ...[true, false, undefined, null, 1, 'true', {}].flatMap((recursive) => objects({ recursive })),
  ...objects({ recursive: true, mode: 0o700 }, { recursive: false, mode: '0711' }, { later: 1 }),
  ...shapes({ recursive: true, mode: 0o710 }),
]

export const rmdirOptions: Value[] = [
  ...literals(undefined, null, 0, 5, 'x', true, 3n, Symbol.for('options')),
  ...[false, undefined, null, 1, 'true'].flatMap((recursive) => objects({ recursive })),
  ...objects({}, { recursive: true }, { maxRetries: 1 }, { maxRetries: -1 }, { retryDelay: 'x' }, { later: 1 }),
  ...shapes({ recursive: false, maxRetries: 0, retryDelay: 10 }),
]

export const rmOptions: Value[] = [
  ...literals(undefined, null, 0, 5, 'x', true, 3n, Symbol.for('options')),
  ...[true, false, undefined, null, 1, 'true'].flatMap((each) => objects({ recursive: each }, { force: each })),
  ...[0, 1, -1, 1.5, NaN, 'x', 2 ** 32, undefined, null].flatMap((each) =>
    objects({ recursive: true, maxRetries: each }, { recursive: true, retryDelay: each }),
  ),
  ...objects({}, { recursive: true, force: true }, { recursive: true, later: 1 }),
  ...shapes({ recursive: true, force: false, maxRetries: 0, retryDelay: 1 }),
]

/** Options of `cp`; the tests of trees cover `filter`. */
export const cpOptions: Value[] = [
  ...literals(undefined, null, 0, 'x', true, Symbol.for('options')),
  ...['dereference', 'errorOnExist', 'force', 'preserveTimestamps', 'verbatimSymlinks'].flatMap((key) =>
    [true, false, undefined, null, 1].flatMap((each) => objects({ recursive: true, [key]: each })),
  ),
  ...[true, false, undefined, null, 1].flatMap((recursive) => objects({ recursive })),
  ...[0, 1, COPYFILE_FICLONE, 8, -1, 'x'].flatMap((mode) => objects({ recursive: true, mode })),
  ...objects({}, { recursive: true, filter: 5 }, { recursive: true, later: 1 }),
  ...objects({ recursive: true, errorOnExist: true, force: false }),
  ...objects({ recursive: true, dereference: true, verbatimSymlinks: true }),
  ...shapes({ recursive: true, force: true }),
]

export const opendirOptions: Value[] = [
  ...encodings,
  // For a value that is not a number, Node throws an error that cannot be caught.
  ...[1, 2, 32, 1000].flatMap((bufferSize) => objects({ bufferSize })),
  ...[true, false, undefined, null, 1].flatMap((recursive) => objects({ recursive })),
  ...objects({ bufferSize: 5, encoding: 'utf8', recursive: false }, { encoding: 'utf8', later: 1 }),
]

export const readdirOptions: Value[] = [
  ...encodings,
  ...[true, false, undefined, null, 1, 'x'].flatMap((withFileTypes) => objects({ withFileTypes })),
  ...[true, false, undefined, null, 1].flatMap((recursive) => objects({ recursive })),
  ...['buffer', 'hex', 'utf8', 'latin1', 'nonsense'].flatMap((encoding) => objects({ encoding, withFileTypes: true })),
  ...objects({ recursive: true, withFileTypes: true }, { recursive: true, encoding: 'utf8', withFileTypes: false }),
  ...shapes({ withFileTypes: true, encoding: 'utf8', recursive: false }),
]

export const times: Value[] = [
  ...literals(0, 1, -1, 1.5, -1.5, 0.001, 1.0005, 1_234_567_890.123_456, -0, 2 ** 31, 2 ** 32, 4e9, 1e12, -1e10, 1e20),
  ...literals(
    NaN,
    Infinity,
    -Infinity,
    '1',
    '-1',
    '1.5',
    ' 7 ',
    '',
    'x',
    '1e3',
    null,
    undefined,
    true,
    3n,
    Symbol.for('t'),
  ),
  ...[0, 1234, -1, 987_654_321_123, -62_135_596_800_000, 8.64e15, NaN].map((ms) =>
    value(`Date of ${ms}`, () => new Date(ms)),
  ),
  value('{}', () => ({})),
  value('object with valueOf', () => ({ valueOf: () => 5 })),
]

export const owners: Value[] = [
  ...literals(
    0,
    1,
    65_534,
    -1,
    2 ** 31,
    2 ** 32 - 2,
    2 ** 32 - 1,
    2 ** 32,
    -2,
    1.5,
    NaN,
    '0',
    null,
    undefined,
    true,
    0n,
    -0,
  ),
]

export const lengths: Value[] = [
  ...literals(
    undefined,
    null,
    0,
    -0,
    1,
    5,
    7,
    8,
    100,
    -1,
    -(2 ** 40),
    1.5,
    4096,
    2 ** 31,
    2 ** 32 + 1,
    2 ** 53 - 1,
    2 ** 53,
  ),
  ...literals(NaN, Infinity, -Infinity, '3', '', 'x', true, 3n, Symbol.for('length')),
  ...objects({}),
]

export const linkTypes: Value[] = [
  ...literals(undefined, null, 'file', 'dir', 'junction', 'nonsense', '', 0, 5, true, 3n),
  ...objects({}),
]
