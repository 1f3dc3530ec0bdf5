/** Steps of a random program: what an application may do with a handle and with paths, in any order. */
import nodeFs from 'node:fs'
import { buffer as collect } from 'node:stream/consumers'
import fc from 'fast-check'
import { outcomeOf } from '../support/differential.js'
import type { Outcome } from '../support/differential.js'
import { snapshot } from '../support/snapshot.js'
import { filled, literals } from '../support/argument-values.js'
import type { Named } from '../support/argument-values.js'
import type { FileHandle } from 'node:fs/promises'
import { Given, flag, oneOf, options, paths, readOptions, transfers, value, writeOptions } from './given.js'
import type { Arguments, Path } from './given.js'
import { SLOTS } from './world.js'
import type { World } from './world.js'

type LooseHandle = FileHandle & Record<string, (...args: unknown[]) => unknown>
type LooseFs = Record<string, (...args: unknown[]) => unknown>

/** Result of a step, as plain data that must be the same on both sides. */
export class Step {
  constructor(
    readonly kind: string,
    readonly text: string,
    readonly play: (world: World) => Promise<unknown>,
  ) {}

  [fc.toStringMethod](): string {
    return this.text
  }
}

const names = (args: readonly Named[]): string => args.map(({ name }) => name).join(', ')
const slots = fc.nat(SLOTS - 1)

/** The outcome of the call, and the state of its arguments. */
async function observe(call: (args: unknown[]) => unknown, args: readonly Named[]): Promise<[Outcome, unknown]> {
  const made = args.map((arg) => arg.make())
  return [await outcomeOf(() => call(made)), snapshot(made)]
}

function onHandle(method: string, argumentsOf: Arguments): fc.Arbitrary<Step> {
  return fc.tuple(slots, argumentsOf).map(([slot, args]) => {
    return new Step(method, `#${slot}.${method}(${names(args)})`, async ({ handles }) => {
      const handle = handles[slot] as LooseHandle | undefined
      return handle && observe((made) => (handle[method] as LooseHandle[string]).apply(handle, made), args)
    })
  })
}

function onPath(method: string, argumentsOf: Arguments): fc.Arbitrary<Step> {
  return fc.tuple(paths, argumentsOf).map(([path, args]) => {
    return new Step(`fs.${method}`, `${method}(${[path.name, names(args)].join(', ')})`, (world) =>
      pathCall(world, method, path, args),
    )
  })
}

function pathCall({ fs, directory }: World, method: string, path: Path, args: readonly Named[]): Promise<unknown> {
  return observe((made) => ((fs as unknown as LooseFs)[method] as LooseFs[string])(path.make(directory), ...made), args)
}

const { O_RDWR, O_CREAT, O_SYNC } = nodeFs.constants
const goodFlags = ['r+', 'w+', 'r', 'a+', 'a', 'w', 'as+', 'rs+', 'wx', 'ax+', O_RDWR, O_RDWR | O_CREAT | O_SYNC]
const oddFlags = ['bad', '', null, undefined, -1, 1.5, 2 ** 32]

interface Opening {
  slot: number
  path: Path
  args: readonly Named[]
}

function opening({ slot, path, args }: Opening): Step {
  return new Step('fs.open', `#${slot} = open(${[path.name, names(args)].join(', ')})`, async (world) => {
    const before = world.handles[slot]
    const closed = before && (await outcomeOf(() => before.close()))
    const opened = await outcomeOf(async () => {
      const made = args.map((arg) => arg.make())
      const handle = await (world.fs.open as unknown as (...all: unknown[]) => Promise<FileHandle>)(
        path.make(world.directory),
        ...made,
      )
      world.handles[slot] = handle
      const flags = made[0]
      world.appends[slot] = typeof flags === 'string' && flags.startsWith('a')
      return [handle.constructor.name, handle.fd >= 0, Object.prototype.toString.call(handle)]
    })
    return { closed, opened }
  })
}

const plainFlags = fc.constantFrom(...goodFlags).map((flags) => [value(flags)])
const anyFlags = fc.tuple(
  oneOf(literals(...goodFlags, ...oddFlags)),
  oneOf(literals(0o600, 0o644, 'x', undefined, 1.5, -1)),
)
const opens = fc
  .record({
    slot: slots,
    path: paths,
    args: fc.oneof({ weight: 4, arbitrary: plainFlags }, { weight: 1, arbitrary: anyFlags }),
  })
  .map(opening)

/** A program's first step, so that a file is open. */
export const firstOpen = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'empty', 'large'), fc.constantFrom('r+', 'w+', 'a+', 'r', 'rs+'))
  .map(([name, flags]) =>
    opening({ slot: 0, path: { name, make: (directory) => `${directory}/${name}` }, args: [value(flags)] }),
  )

const lengths = oneOf(literals(0, 1, 10, 30, 200, 5000, undefined, null, -1, 1.5, NaN, '5', 2 ** 53))
const dates = oneOf(literals(0, 1, 1e9, '1000', -1, NaN, 'date', undefined, null))

/** Size and kind: dates differ, and inodes. */
function stat(slot: number): Step {
  return new Step('stat', `#${slot}.stat()`, async ({ handles }) => {
    const handle = handles[slot]
    return (
      handle &&
      outcomeOf(async () => {
        const { size, mode, nlink } = await handle.stat()
        return [size, mode, nlink, handle.fd >= 0]
      })
    )
  })
}

const closes = fc.tuple(slots, fc.boolean()).map(([slot, twice]) => {
  return new Step('close', `#${slot}.close()${twice ? ' twice' : ''}`, async ({ handles }) => {
    const handle = handles[slot]
    if (!handle) return undefined
    const first = outcomeOf(() => handle.close())
    const second = twice ? outcomeOf(() => handle.close()) : undefined
    return [await first, await second, handle.fd]
  })
})

const streamMethods = { read: 'createReadStream', lines: 'readLines', write: 'createWriteStream' } as const

/** Node's streams, which close the handle when they end or fail: an open one would hold it for ever. */
const streams = fc
  .record({
    slot: slots,
    kind: fc.constantFrom('read', 'lines', 'write'),
    start: fc.nat(40),
    length: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ slot, kind, start, length }) => {
    return new Step(
      streamMethods[kind],
      `#${slot} ${kind} stream from ${start}, ${length} bytes`,
      async ({ handles }) => {
        const handle = handles[slot]
        // An error during a stream's construction cannot be handled.
        if (!handle || handle.fd < 0) return undefined
        return outcomeOf(async () => {
          if (kind === 'read') {
            return collect(handle.createReadStream({ start, end: start + length - 1, highWaterMark: 16 }))
          }
          if (kind === 'lines') {
            // readline does not handle the stream's errors.
            if (!(await readable(handle))) return undefined
            const lines = []
            for await (const line of handle.readLines({ start })) lines.push(line)
            return lines
          }
          return new Promise<void>((resolve, reject) => {
            const stream = handle.createWriteStream({ start })
            stream.on('error', reject).on('close', resolve)
            stream.write(filled(length, 97))
            stream.end(filled(1, 48))
          })
        })
      },
    )
  })

function readable(handle: FileHandle): Promise<boolean> {
  return handle.read(Buffer.alloc(1), 0, 1, 0).then(
    () => true,
    () => false,
  )
}

const CELL = 16
const cellKinds = ['read', 'write', 'readv', 'writev', 'sync', 'datasync', 'stat'] as const
type CellKind = (typeof cellKinds)[number]

/** One of several calls in the same tick: each has its own bytes, so that their order does not matter. */
function cellCall(handle: FileHandle, kind: CellKind, cell: number, appends: boolean): Promise<unknown> {
  const at = cell * CELL
  const memory = filled(CELL, 97 + cell)
  const halves = [memory.subarray(0, 5), memory.subarray(5)]
  const writes = kind === 'write' || kind === 'writev'
  switch (writes && appends ? 'read' : kind) {
    case 'read':
      return handle.read(memory, 0, CELL, at)
    case 'write':
      return handle.write(memory, 0, CELL, at)
    case 'readv':
      return handle.readv(halves, at)
    case 'writev':
      return handle.writev(halves, at)
    case 'sync':
      return handle.sync()
    case 'datasync':
      return handle.datasync()
    case 'stat':
      return handle.stat().then(({ mode }) => mode)
  }
}

const groups = fc
  .record({
    slot: slots,
    kinds: fc.array(fc.constantFrom(...cellKinds), { minLength: 2, maxLength: 12 }),
    close: fc.constantFrom('no', 'no', 'then', 'then, and once more'),
    late: fc.boolean(),
  })
  .map(({ slot, kinds, close, late }) => {
    const text = `#${slot} at once: ${kinds.join(', ')}${close === 'no' ? '' : `, close ${close}`}${late ? ', read' : ''}`
    return new Step('at once', text, async ({ handles, appends }) => {
      const handle = handles[slot]
      if (!handle) return undefined
      // Long enough for all: bytes appended by one would be another's.
      const grown = await outcomeOf(
        async () => (await handle.stat()).size >= CELL * 12 || (await handle.truncate(CELL * 12)),
      )
      const pending = kinds.map((kind, cell) => outcomeOf(() => cellCall(handle, kind, cell, appends[slot] as boolean)))
      if (close !== 'no') pending.push(outcomeOf(() => handle.close()))
      if (close === 'then, and once more') pending.push(outcomeOf(() => handle.close()))
      // Served while close() waits; refused if it did not have to wait.
      if (late) pending.push(outcomeOf(() => handle.read(Buffer.alloc(4), 0, 4, CELL * 13)))
      return { grown, outcomes: await Promise.all(pending), open: handle.fd >= 0 }
    })
  })

const wholeKinds = ['readFile', 'writeFile', 'appendFile'] as const

/** Whether another path may name the same file: then the order of concurrent calls is undefined. */
function hasAnotherName(path: string): boolean {
  const stats = nodeFs.lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && (stats.isSymbolicLink() || stats.nlink > 1)
}

/** Several whole files at once, each a file of its own; some are aborted before they can have begun. */
const wholeGroups = fc
  .array(fc.tuple(fc.constantFrom(...wholeKinds), fc.boolean()), { minLength: 2, maxLength: 5 })
  .map((calls) => {
    const files = ['a', 'b', 'c', 'empty', 'missing']
    const text = calls.map(([method, abort], at) => `${method}(${files[at]})${abort ? ' aborted' : ''}`).join(', ')
    return new Step('whole files', `at once: ${text}`, async ({ fs, directory }) => {
      const shared = calls.some((_, at) => hasAnotherName(`${directory}/${files[at]}`))
      const outcomes: Promise<Outcome>[] = []
      for (const [at, [method, abort]] of calls.entries()) {
        const controller = new AbortController()
        const settings = abort ? { signal: controller.signal } : undefined
        const path = `${directory}/${files[at]}`
        const outcome = outcomeOf(() =>
          method === 'readFile' ? fs.readFile(path, settings) : fs[method](path, filled(20 + at), settings),
        )
        controller.abort()
        outcomes.push(outcome)
        if (shared) await outcome
      }
      return Promise.all(outcomes)
    })
  })

/** Stats of two paths: dates differ, and inodes. */
const looks = fc.tuple(paths, fc.constantFrom('stat', 'lstat')).map(([path, method]) => {
  return new Step(`fs.${method}`, `${method}(${path.name})`, ({ fs, directory }) =>
    outcomeOf(async () => {
      const { size, mode, nlink } = await fs[method](path.make(directory) as string)
      return [size, mode, nlink]
    }),
  )
})

const pairs = fc.tuple(paths, paths, fc.constantFrom('rename', 'link', 'symlink')).map(([from, to, method]) => {
  return new Step(`fs.${method}`, `${method}(${from.name}, ${to.name})`, ({ fs, directory }) =>
    outcomeOf(() => fs[method](from.make(directory) as string, to.make(directory) as string)),
  )
})

const treeOptions = options({ recursive: flag, force: flag, errorOnExist: flag, verbatimSymlinks: flag })
const copyModes = oneOf(literals(0, 1, undefined, 8, -1, 'x'))

function isNot(path: unknown, expected: string): boolean {
  try {
    nodeFs.lstatSync(path as string)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== expected
  }
}

/** Node's `cp` stats both at once, and reports the first error: if both fail, either may be reported. */
const tellsEither = (source: unknown, target: unknown): boolean => isNot(source, '') && isNot(target, 'ENOENT')

/** Functions that take two paths and more. */
const copies = fc
  .tuple(paths, paths, fc.constantFrom('cp', 'copyFile'), treeOptions, copyModes)
  .map(([from, to, method, bag, mode]) => {
    const arg = method === 'cp' ? bag : mode
    return new Step(`fs.${method}`, `${method}(${from.name}, ${to.name}, ${arg.name})`, ({ fs, directory }) =>
      outcomeOf(() => {
        const [source, target] = [from, to].map((path) => {
          const made = path.make(directory)
          // Errors of `cp` contain the bytes, in which paths cannot be recognized.
          return method === 'cp' && Buffer.isBuffer(made) ? made.toString() : made
        })
        if (method === 'cp' && tellsEither(source, target)) return 'either error'
        return (fs as unknown as LooseFs)[method]?.(source, target, arg.make())
      }),
    )
  })

const ENTRIES = new Given('{withFileTypes: true}', () => ({ withFileTypes: true }))
/** Names alone would also be searched behind links: two that lead back would take far too long. */
const TREE = new Given('{recursive, withFileTypes: true}', () => ({ recursive: true, withFileTypes: true }))

/** Six characters of the created name are random. */
const temporaries = fc.constantFrom('temporary-', 'directory/temporary-', 'none/temporary-').map((prefix) => {
  return new Step('fs.mkdtemp', `mkdtemp(${prefix})`, ({ fs, directory }) =>
    outcomeOf(() => fs.mkdtemp(`${directory}/${prefix}`)),
  )
})

const entries = paths.map((path) => {
  return new Step('fs.opendir', `opendir(${path.name})`, ({ fs, directory }) =>
    outcomeOf(async () => {
      const names = []
      for await (const { name } of await fs.opendir(path.make(directory) as string)) names.push(name)
      return names.sort()
    }),
  )
})

const none: Arguments = fc.constant([])
const owners: Arguments = fc.tuple(oneOf(literals(-1, 'x', 1.5)), oneOf(literals(-1, null)))
const modes = fc.tuple(oneOf(literals(0o600, 0o644, '755', undefined, -1, 1.5)))
const making = fc.oneof(
  none,
  modes,
  fc.constantFrom(false, true).map((recursive) => [new Given(`{recursive: ${recursive}}`, () => ({ recursive }))]),
)

export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: opens },
  { weight: 10, arbitrary: onHandle('read', transfers.read) },
  { weight: 10, arbitrary: onHandle('write', transfers.write) },
  { weight: 5, arbitrary: onHandle('readv', transfers.readv) },
  { weight: 5, arbitrary: onHandle('writev', transfers.writev) },
  { weight: 2, arbitrary: onHandle('sync', none) },
  { weight: 2, arbitrary: onHandle('datasync', none) },
  { weight: 2, arbitrary: onHandle('truncate', fc.oneof(none, fc.tuple(lengths))) },
  { weight: 2, arbitrary: onHandle('readFile', readOptions) },
  { weight: 2, arbitrary: onHandle('writeFile', writeOptions('w')) },
  { weight: 2, arbitrary: onHandle('appendFile', writeOptions('a')) },
  { weight: 1, arbitrary: onHandle('chmod', fc.tuple(oneOf(literals(0o600, 0o640, '755', -1, 1.5, 'x', undefined)))) },
  { weight: 1, arbitrary: onHandle('chown', fc.tuple(oneOf(literals(-1, 'x', 1.5)), oneOf(literals(-1, null)))) },
  { weight: 1, arbitrary: onHandle('utimes', fc.tuple(dates, dates)) },
  { weight: 2, arbitrary: slots.map(stat) },
  { weight: 2, arbitrary: closes },
  { weight: 2, arbitrary: streams },
  { weight: 6, arbitrary: groups },
  { weight: 5, arbitrary: onPath('readFile', readOptions) },
  { weight: 4, arbitrary: onPath('writeFile', writeOptions('w')) },
  { weight: 4, arbitrary: onPath('appendFile', writeOptions('a')) },
  { weight: 3, arbitrary: wholeGroups },
  { weight: 1, arbitrary: onPath('unlink', none) },
  { weight: 3, arbitrary: looks },
  { weight: 2, arbitrary: onPath('access', fc.oneof(none, fc.tuple(oneOf(literals(0, 4, 6, 8, -1, null))))) },
  { weight: 1, arbitrary: onPath('readdir', fc.oneof(none, fc.constant([ENTRIES]), fc.constant([TREE]))) },
  { weight: 1, arbitrary: entries },
  { weight: 1, arbitrary: onPath('realpath', none) },
  { weight: 1, arbitrary: onPath('rm', fc.oneof(none, fc.tuple(treeOptions))) },
  { weight: 2, arbitrary: copies },
  { weight: 1, arbitrary: temporaries },
  { weight: 1, arbitrary: onPath('chown', owners) },
  { weight: 1, arbitrary: onPath('lchown', owners) },
  { weight: 1, arbitrary: onPath('utimes', fc.tuple(dates, dates)) },
  { weight: 1, arbitrary: onPath('lutimes', fc.tuple(dates, dates)) },
  { weight: 1, arbitrary: onPath('readlink', none) },
  { weight: 1, arbitrary: onPath('mkdir', making) },
  { weight: 1, arbitrary: onPath('rmdir', none) },
  { weight: 1, arbitrary: onPath('chmod', modes) },
  { weight: 1, arbitrary: pairs },
  { weight: 1, arbitrary: onPath('truncate', fc.tuple(oneOf(literals(0, 3, 40, undefined, -1)))) },
)
