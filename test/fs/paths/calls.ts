/** The calls that are made of every function that takes a path. */
import { constants } from 'node:fs'
import { inspect } from 'node:util'
import {
  DIR,
  FILE,
  MISSING,
  accessModes,
  copyModes,
  cpOptions,
  encodings,
  lengths,
  linkTypes,
  literals,
  mkdirOptions,
  modes,
  objects,
  openFlags,
  opendirOptions,
  owners,
  paths,
  readdirOptions,
  rmOptions,
  rmdirOptions,
  statOptions,
  times,
  value,
} from './values.js'
import type { Given, Value } from './values.js'
import { NON_ASCII } from './tree.js'

/** One call: its arguments, without a callback. */
export interface Call {
  name: string
  make(given: Given): unknown[]
}

export interface Calls {
  calls: Call[]
  /** Whether the calls may change the tree. */
  changes: boolean
}

/** Every combination, as calls. */
function calls(...columns: Value[][]): Call[] {
  let rows: Value[][] = [[]]
  for (const column of columns) rows = rows.flatMap((row) => column.map((each) => [...row, each]))
  return rows.map((row) => ({
    name: row.map(({ name }) => (name.length > 60 ? `${name.slice(0, 60)}…` : name)).join(', '),
    make: (given) => row.map((each) => each.make(given)),
  }))
}

/** Calls with these arguments, for any tree. */
export const callsWith = (...list: unknown[][]): Call[] =>
  list.map((args) => ({ name: inspect(args), make: () => args }))

const names = (...list: string[]): Value[] => list.map((name) => value(name, ({ root }) => `${root}/${name}`))

/** Too few and too many arguments. */
const none = calls()
const more = (...args: unknown[]): Call[] => calls([FILE], ...args.map((each) => literals(each)))

const target = names('new')
const kinds = ['file', 'dir', 'empty', 'link', 'dangling', 'missing'] as const
const pairs = calls(names(...kinds), names(...kinds, 'hard-link', 'dir-link', 'dir/below', 'new/'))
/** Pairs of related paths. */
const related = [
  ...calls(names('dir'), names('dir/below/new', 'dir/below/deep', 'dir/new/', '.', '..', 'dir/.', 'dir/..')),
  ...calls(names('dir/inner'), names('dir/below', 'inner', 'dir-link/moved', 'dir/inner/x', 'dir/./inner')),
  ...calls(names('empty/', 'empty'), names('new/', 'dir/below/', 'dir/below/deep', 'dir/inner', 'dir')),
  ...calls(names('secret', 'program'), names('file', 'new', 'secret')),
  ...calls(literals('/proc/self/mounts', '/proc/version'), target),
  ...calls([FILE, DIR], literals('/dev/shm/missing/x', '/proc/new', '/sys/new', '/dev/null/x')),
]
const two = [...none, ...more(), ...calls(paths, target), ...calls([FILE], paths), ...pairs, ...related]

const few = [FILE, DIR, MISSING]
const removable = [
  ...names(
    'dir',
    'file',
    'missing',
    'empty',
    'link',
    'dir-link',
    'dangling',
    'loop',
    'hard-link',
    'secret',
    'dir/inner',
  ),
  ...names('dir/', 'empty/', 'file/', 'missing/', 'dir-link/', 'dir-link/inner', 'file/x', 'missing/x', 'dangling/x'),
  ...names('dir/.', 'dir/below/..', 'empty/.', 'dir/../empty', './/dir', NON_ASCII),
]
const copied = names(
  'dir',
  'file',
  'link',
  'dir-link',
  'dangling',
  'loop',
  'missing',
  'secret',
  'dir/',
  'dir/.',
  '.',
  'dir/below/..',
)
const fewWithLinks = names('file', 'link', 'dir-link', 'dangling', 'dir', 'missing')
const reads = (list: Call[]): Calls => ({ calls: [...none, ...list], changes: false })
const changes = (list: Call[]): Calls => ({ calls: [...none, ...list], changes: true })

const stats = [
  ...calls(literals('/', '/..', '/missing', '/dev/null/x')),
  ...calls(paths),
  ...calls(few, statOptions),
  ...calls(paths.slice(0, 30), objects({ bigint: true })),
  ...calls(
    literals('/', '/dev/null', '/dev/tty', '/proc/version', '/dev', '/sys', '/dev/shm', '/etc/passwd'),
    statOptions.slice(0, 1),
  ),
  ...more(undefined, 5),
]
const owning = [
  ...calls(paths, literals(12), literals(34)),
  ...calls(fewWithLinks, literals(-1, 0, 1234), literals(-1, 5678)),
  ...calls([FILE], owners, literals(1)),
  ...calls([FILE, MISSING], literals(1), owners),
  ...more(),
  ...more(1),
]
const timing = [
  ...calls(paths, literals(1), literals(2)),
  ...calls(fewWithLinks, literals(-1.5, 1e9 + 0.123), literals(3.25)),
  ...calls([FILE], times, literals(1)),
  ...calls([FILE], literals(1), times),
  ...calls([MISSING], times.slice(-4), times.slice(-4)),
  ...more(),
  ...more(1),
]

export const callsOf = {
  stat: reads(stats),
  lstat: reads(stats),
  access: reads([
    ...calls(paths),
    ...calls(fewWithLinks, accessModes),
    ...calls(names('secret', 'program'), accessModes.slice(0, 6)),
  ]),
  readlink: reads([
    ...calls(paths),
    ...calls(names('link', 'file', 'missing'), encodings),
    ...calls(literals('/proc/self/exe')),
  ]),
  realpath: reads([
    ...calls(paths),
    ...calls(names('dir-link/inner', 'missing'), encodings),
    ...calls(literals('/proc/self/cwd', '/proc/self/exe', '/dev/fd')),
  ]),
  statfs: reads([
    ...calls(paths),
    ...calls(few, statOptions),
    ...calls(literals('/', '/proc', '/sys', '/dev/shm', '/dev'), objects({ bigint: true }, {})),
  ]),
  readdir: reads([
    ...calls(paths),
    ...calls(names('dir', '.', 'file', 'missing', 'dir-link'), readdirOptions),
    ...calls(literals('/proc/self/ns/', '/proc/sys/fs', '/proc/sys/vm'), objects({}, { withFileTypes: true })),
    ...calls(paths.slice(0, 30), objects({ withFileTypes: true }, { recursive: true })),
    ...calls(
      literals('.', 'dir', 'dir/', './dir'),
      objects(
        { recursive: true },
        { withFileTypes: true, recursive: true },
        { withFileTypes: true, encoding: 'buffer' },
      ),
    ),
    ...calls(
      [value('a Buffer', () => Buffer.from('dir')), value('a URL', ({ root }) => new URL(`file://${root}/dir`))],
      objects({ withFileTypes: true }, { withFileTypes: true, encoding: 'buffer' }, { recursive: true }),
    ),
  ]),
  // Never of a path that could lead out of the tree.
  rm: changes([
    ...calls(removable, objects({}, { recursive: true }, { force: true }, { recursive: true, force: true })),
    ...calls(removable.slice(0, 3)),
    ...calls(names('dir', 'file', 'missing'), rmOptions),
  ]),
  cp: changes([
    ...more('new'),
    ...calls(copied, [...names('new', 'new/deep/x', 'empty', 'dir/below'), ...copied], objects({ recursive: true })),
    ...calls(
      names('dir', 'dir-link', 'file', 'link'),
      names('new', 'empty', 'dir/below', 'file', 'dir-link', 'new/'),
      objects(
        ...[{}, { recursive: true, force: false }, { recursive: true, errorOnExist: true, force: false }],
        ...[
          { recursive: true, dereference: true },
          { recursive: true, verbatimSymlinks: true },
        ],
        { recursive: true, preserveTimestamps: true },
      ),
    ),
    ...calls(names('dir'), names('new', 'empty'), cpOptions),
    ...calls(
      [value('a Buffer', () => Buffer.from('dir')), value('a URL', ({ root }) => new URL(`file://${root}/dir`))],
      names('new'),
      objects({ recursive: true }),
    ),
    ...calls(
      literals('dir', './dir', 'dir/../dir', 'dir//below'),
      literals('new', './new'),
      objects({ recursive: true }),
    ),
  ]),
  opendir: reads([
    ...calls(paths),
    ...calls(names('dir', '.', 'file', 'missing', 'dir-link', 'empty'), opendirOptions),
    ...calls(literals('/proc/self/ns/', '/proc/sys/fs', '.', './dir', 'dir/'), objects({}, { recursive: true })),
  ]),
  mkdtemp: changes([
    ...calls(paths),
    ...calls(names('tmp-'), encodings),
    ...calls(names('missing/tmp-'), encodings.slice(0, 15)),
  ]),
  rename: changes(two),
  link: changes(two),
  copyFile: changes([...two, ...calls(names('file', 'missing', 'dir'), names('new', 'program'), copyModes)]),
  symlink: changes([
    ...none,
    ...more(),
    ...calls(paths, target),
    ...calls([FILE], paths),
    ...calls(
      literals('anything', '../relative', 'x'.repeat(4095), 'x'.repeat(4096), './'),
      names('new', 'dir/new', 'file'),
    ),
    ...calls(literals('dir'), names('new', 'missing/new'), linkTypes),
  ]),
  mkdir: changes([
    ...calls(paths),
    ...calls(paths, objects({ recursive: true })),
    ...calls(names('new', 'dir'), mkdirOptions),
    ...calls(
      names('new/a/b/c', 'dir/a/b/', 'file/a/b', 'dangling/a', 'link/a', 'dir-link/a', `a/b/${'x'.repeat(256)}/c`),
      objects({ recursive: true }, { recursive: true, mode: 0o700 }),
    ),
  ]),
  rmdir: changes([...calls(paths), ...calls(names('empty', 'dir', 'file', 'missing'), rmdirOptions)]),
  unlink: changes([...calls(paths), ...more(undefined)]),
  chmod: changes([
    ...calls(paths, literals(0o640)),
    ...calls(fewWithLinks, literals(0o751, '1777')),
    ...calls([FILE, MISSING], modes),
    ...more(),
  ]),
  chown: changes(owning),
  lchown: changes(owning),
  utimes: changes(timing),
  lutimes: changes(timing),
  truncate: changes([...calls(paths, literals(3)), ...calls(paths), ...calls([FILE, MISSING], lengths)]),
  exists: reads(calls(paths)),
  open: changes([
    ...calls(paths),
    ...calls(paths, literals('r', 'w')),
    ...calls(fewWithLinks, openFlags),
    ...calls([FILE, MISSING], literals('r', 'w'), modes),
    ...more('r', 0o666, undefined),
  ]),
  'realpath.native': reads([...calls(paths), ...calls(names('dir-link/inner', 'missing'), encodings)]),
} satisfies Record<string, Calls>

export type Name = keyof typeof callsOf
/** Two functions have no promise form, and that of `open` returns handles. */
export type PromiseName = Exclude<Name, 'exists' | 'realpath.native' | 'open'>
export const everyName = Object.keys(callsOf) as Name[]
export const promiseNames = everyName.filter(
  (name): name is PromiseName => name !== 'exists' && name !== 'realpath.native' && name !== 'open',
)

/** Promise forms, except `rm` and `cp`: Node's own use other functions, which fail with the pollution. */
export const takingOptions: readonly PromiseName[] = [
  ...(['stat', 'lstat', 'readlink', 'realpath', 'statfs', 'readdir', 'opendir', 'mkdtemp', 'mkdir', 'rmdir'] as const),
]

/** Properties that a careless program may put on every object. */
export const pollution: readonly [key: string, value: unknown][] = [
  ['encoding', 'hex'],
  ['bigint', true],
  ['recursive', true],
  ['withFileTypes', true],
  ['mode', 0o700],
  ['throwIfNoEntry', false],
]

const withOptions = calls(names('dir', 'link', 'missing'), [...literals(undefined), ...objects({})])
const withTwoNumbers = calls(names('file', 'link', 'missing'), literals(1), literals(2))
const toNew = calls(names('file', 'missing'), target)

/** Each function a few times as intended: some calls succeed, some fail. */
export const plainCalls: Record<Name, Call[]> = {
  ...{ stat: withOptions, lstat: withOptions, readlink: withOptions, realpath: withOptions, statfs: withOptions },
  ...{
    readdir: withOptions,
    opendir: withOptions,
    'realpath.native': withOptions,
    exists: calls(names('file', 'missing')),
  },
  ...{ chown: withTwoNumbers, lchown: withTwoNumbers, utimes: withTwoNumbers, lutimes: withTwoNumbers },
  ...{ rename: toNew, link: toNew, copyFile: toNew, unlink: calls(names('file', 'missing')) },
  access: calls(names('file', 'missing'), literals(constants.R_OK)),
  mkdtemp: calls(names('tmp-', 'missing/tmp-'), [...literals(undefined), ...objects({})]),
  rm: calls(names('dir', 'missing'), objects({ recursive: true })),
  cp: calls(names('dir', 'missing'), names('new'), objects({ recursive: true })),
  symlink: calls(names('file'), names('new', 'missing/new')),
  mkdir: calls(names('new', 'missing/new'), [...literals(undefined), ...objects({})]),
  rmdir: calls(names('empty', 'dir', 'missing'), [...literals(undefined), ...objects({})]),
  chmod: calls(names('file', 'missing'), literals(0o600)),
  truncate: calls(names('file', 'missing'), literals(2)),
  open: [...calls(names('file', 'missing')), ...calls(names('new', 'missing/new'), literals('w'))],
}

/** Calls that change nothing, of all functions in turn. */
export function readingCalls(count: number): [PromiseName, Call][] {
  const all = promiseNames.filter((name) => !callsOf[name].changes)
  return Array.from({ length: count }, (_, at) => {
    const name = all[at % all.length] as PromiseName
    const { calls } = callsOf[name]
    return [name, calls[(at * 7) % calls.length] as Call]
  })
}

/** Concurrent changing calls: each on its own name, and some on the same. */
export function changingCalls(count: number): [PromiseName, Call][] {
  return Array.from({ length: count }, (_, at) => at).flatMap((at): [PromiseName, Call | undefined][] => [
    ['mkdir', calls(names(`d-${at}`))[0]],
    ['symlink', calls(names('file'), names(`s-${at}`))[0]],
    ['link', calls(names('program'), names(`l-${at}`))[0]],
    ['copyFile', calls(names('dir/inner'), names(`c-${at}`))[0]],
    ['mkdir', calls(names(`missing/${at}`))[0]],
    ['chmod', calls(names('program'), literals(0o600))[0]],
    ['utimes', calls(names('file', 'program').slice(at % 2), literals(1), literals(2))[0]],
    ['mkdir', calls(names(`${at}/a/b`), objects({ recursive: true }))[0]],
  ]) as [PromiseName, Call][]
}
