/**
 * The functions of `caio/fs`, most of which take a path; those that the engine serves on paths also
 * with a callback.
 */
import nodeFs, { constants } from 'node:fs'
import fs from 'caio/fs'
import { called, direct, ofHandle, ofPath, once, twice } from './described.js'
import type { Described } from './described.js'
import type { Room } from './room.js'

type NewerFs = Partial<{
  glob(pattern: string, options: { cwd: string }): AsyncIterable<string>
  mkdtempDisposable(prefix: string): Promise<{ remove(): Promise<void> }>
}>
const newer = fs as unknown as NewerFs

/** Kinds of files at a path; `nothing` does not exist. */
const kinds = {
  'a file': (room: Room) => room.file(),
  nothing: (room: Room) => room.path('none'),
  'a directory': (room: Room) => made(room.path('made'), (path) => nodeFs.mkdirSync(path)),
  'a link': (room: Room) => made(room.path('link'), (path) => nodeFs.symlinkSync(room.file(), path)),
}

function made(path: string, make: (path: string) => void): string {
  make(path)
  return path
}

interface OnPath {
  /** by default a file */
  of?: keyof typeof kinds
  /** by default the path */
  args?(path: string): unknown[]
  /** whether it works only once */
  once?: true
}

/** The functions that the engine serves on paths, the same with a promise and with a callback. */
const onPaths: Readonly<Record<string, OnPath>> = {
  access: {},
  chmod: { args: (path) => [path, 0o600] },
  chown: { args: (path) => [path, 0, 0] },
  copyFile: { args: (path) => [path, `${path}-copy`] },
  cp: { of: 'a directory', args: (path) => [path, `${path}-copy`, { recursive: true }] },
  lchown: { args: (path) => [path, 0, 0] },
  link: { once: true, args: (path) => [path, `${path}-linked`] },
  lstat: {},
  lutimes: { args: (path) => [path, 1, 1] },
  mkdir: { of: 'nothing', once: true },
  mkdtemp: { args: (path) => [`${path}-made-`] },
  readdir: { of: 'a directory' },
  readlink: { of: 'a link' },
  realpath: {},
  rename: { once: true, args: (path) => [path, `${path}-renamed`] },
  rm: { once: true },
  rmdir: { of: 'a directory', once: true },
  stat: {},
  statfs: {},
  symlink: { of: 'nothing', once: true, args: (path) => ['target', path] },
  truncate: { args: (path) => [path, 100] },
  unlink: { once: true },
  utimes: { args: (path) => [path, 1, 1] },
}

type Any = (...args: unknown[]) => unknown
const promised = fs as unknown as Record<string, Any>
/** Looked up at the call: `patch` has installed ours by then. */
const withCallback = nodeFs as unknown as Record<string, Any>

/** Each by a path, by a path through another file system, and with a callback. */
const onEachPath = Object.entries(onPaths).flatMap(
  ([name, { of = 'a file', args = (path: string): unknown[] => [path], once }]) => {
    const described = (name: string, call: (path: string, room: Room) => unknown): Described => ({
      name,
      prepare(room) {
        const path = kinds[of](room)
        return twice(() => call(path, room)).slice(0, once ? 1 : 2)
      },
    })
    return [
      described(`fs.${name}`, (path) => promised[name]!(...args(path))),
      described(`fs.${name}, by a link`, (path, room) => promised[name]!(...args(room.through(path)))),
      described(`callbacks.${name}`, (path) => called((done) => withCallback[name]!(...args(path), done))),
    ]
  },
)

async function openAndClose(path: string): Promise<void> {
  const handle = await fs.open(path, 'r')
  await handle.close()
}

/** Inline attempts, for every kind of file at a path. */
const looks: Readonly<Record<string, (path: string) => unknown>> = {
  'fs.access': (path) => fs.access(path, constants.R_OK | constants.W_OK),
  'fs.lstat': (path) => fs.lstat(path),
  'fs.open, and close': openAndClose,
  'fs.realpath': (path) => fs.realpath(path),
  'fs.stat': (path) => fs.stat(path),
}
const ofEachKind = Object.entries(looks).flatMap(([name, look]) =>
  (['nothing', 'a directory', 'a link'] as const).map((kind): Described => ({
    name: `${name}, of ${kind}`,
    ...(kind === 'nothing' && { refused: ['ENOENT'] }),
    prepare(room) {
      const path = kinds[kind](room)
      return twice(() => look(path))
    },
  })),
)

const ofWhatIsThere = (['a file', 'a directory', 'a link'] as const).map((kind): Described => ({
  name: `fs.mkdir, of ${kind}`,
  refused: ['EEXIST'],
  prepare(room) {
    const path = kinds[kind](room)
    return twice(() => fs.mkdir(path))
  },
}))

export const paths: Described[] = [
  ...onEachPath,
  ...ofEachKind,
  ...ofWhatIsThere,
  ofPath('fs.appendFile', (path) => fs.appendFile(path, 'more')),
  { name: 'fs.appendFile, new', prepare: (room) => [() => fs.appendFile(room.path('new'), 'some')] },
  {
    name: 'fs.cp, of a tree',
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.writeFileSync(room.path('tree/leaf'), 'content')
      return [() => fs.cp(room.path('tree'), room.path('copy'), { recursive: true })]
    },
  },
  {
    name: 'fs.glob',
    prepare: (room) => {
      room.file()
      return [
        async () => {
          for await (const path of newer.glob?.('*', { cwd: room.directory }) ?? []) void path
        },
      ]
    },
  },
  { ...once(ofPath('fs.lchmod', (path) => fs.lchmod(path, 0o600))), refused: ['ERR_METHOD_NOT_IMPLEMENTED'] },
  { name: 'fs.mkdir, recursive', prepare: (room) => [() => fs.mkdir(room.path('a/b'), { recursive: true })] },
  {
    name: 'fs.mkdtempDisposable',
    prepare: (room) => [async () => (await newer.mkdtempDisposable?.(room.path('made-')))?.remove()],
  },
  ofPath('fs.open', (path, room) => openAndLeave(room, path, 'r')),
  ofPath('fs.open, and close', openAndClose),
  ofPath('fs.open, and close, by a link', (path, room) => openAndClose(room.through(path))),
  ofPath('fs.open, to write', (path, room) => openAndLeave(room, path, 'r+')),
  ofPath('fs.open, truncating', (path, room) => openAndLeave(room, path, 'w')),
  { name: 'fs.open, new', prepare: (room) => [() => openAndLeave(room, room.path('new'), 'wx')] },
  ofPath('fs.open, with bounce', (path, room) => openAndLeave(room, path, direct, true)),
  {
    name: 'callbacks.opendir',
    prepare: (room) =>
      twice(() =>
        called((done) =>
          nodeFs.opendir(room.directory, (error, directory) => {
            if (error) done(error)
            else directory.read(() => directory.close(done))
          }),
        ),
      ),
  },
  {
    name: 'fs.opendir',
    prepare(room) {
      room.file()
      return twice(async () => {
        for await (const entry of await fs.opendir(room.directory)) void entry
      })
    },
  },
  {
    name: 'fs.opendir, recursive',
    excusedOnPure: "Node's own: it reads nested directories on the JavaScript thread",
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree/below'), { recursive: true })
      return twice(async () => {
        for await (const entry of await fs.opendir(room.directory, { recursive: true })) void entry
      })
    },
  },
  ofPath('fs.readFile', (path) => fs.readFile(path)),
  ofPath('fs.readFile, as text', (path) => fs.readFile(path, 'utf8')),
  ofPath('fs.readFile, of a medium file', (path) => fs.readFile(path), 200_000),
  ofPath('fs.readFile, of a large file', (path) => fs.readFile(path), 2_000_000),
  ofPath('fs.readFile, of an empty file', (path) => fs.readFile(path), 0),
  ofPath('fs.readFile, with a signal', (path) => fs.readFile(path, { signal: new AbortController().signal })),
  ofHandle('readFile, by fs.readFile', (handle) => fs.readFile(handle)),
  {
    name: 'fs.readFile, of nothing',
    refused: ['ENOENT'],
    prepare: (room) => twice(() => fs.readFile(room.path('none'))),
  },
  {
    name: 'fs.readFile, by a link',
    prepare(room) {
      nodeFs.symlinkSync(room.file(), room.path('link'))
      return twice(() => fs.readFile(room.path('link')))
    },
  },
  {
    name: 'fs.readdir, recursive',
    excusedOnPure: "Node's own: it looks at each entry on the JavaScript thread",
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.symlinkSync('tree', room.path('link'))
      return twice(() => fs.readdir(room.directory, { recursive: true }))
    },
  },
  {
    name: 'fs.readdir, with types',
    prepare: (room) => twice(() => fs.readdir(room.directory, { withFileTypes: true })),
  },
  {
    name: 'fs.rm, recursive',
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.writeFileSync(room.path('tree/leaf'), 'content')
      return [() => fs.rm(room.path('tree'), { recursive: true })]
    },
  },
  {
    name: 'fs.watch',
    excused: "Node's own: libuv calls inotify_add_watch, which looks the path up, on the JavaScript thread",
    refused: ['ABORT_ERR'],
    prepare: (room) => [
      async () => {
        for await (const event of fs.watch(room.directory, { signal: AbortSignal.timeout(20) })) void event
      },
    ],
  },
  ofPath('fs.writeFile', (path) => fs.writeFile(path, 'content')),
  { name: 'fs.writeFile, new', prepare: (room) => [() => fs.writeFile(room.path('new'), 'content')] },
  ofPath('fs.writeFile, flushed', (path) => fs.writeFile(path, 'content', { flush: true } as object)),
  ofPath('fs.writeFile, large', (path) => fs.writeFile(path, Buffer.alloc(2_000_000))),
  ofHandle('writeFile, by fs.writeFile', (handle) => fs.writeFile(handle, 'content')),
]

async function openAndLeave(room: Room, path: string, flags: string | number, bounce = false): Promise<void> {
  const handle = await fs.open(path, flags, 0o666, { bounce })
  room.defer(() => handle.close())
}
