/** The calls of fs/promises, each alone, and the short sequences of them that programs use. */
import nodeFs from 'node:fs'
import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { BLOCK, SMALL_BYTES, sampleText } from '../sample-file.js'
import { eachFile, eachLane } from './each.js'
import type { Task } from './task.js'
import { mismatch, ordinary } from './work.js'
import type { FsPromises, Work } from './work.js'

/** enough that a path is not used again soon */
const PATHS = 500
const STREAM_BYTES = 64 * 1024
const LONG_STREAM_BYTES = 64 * 1024 * 1024
const LINES = 20_000

const isText = (text: string, index: number): boolean => text === sampleText(index)

async function whyMissing(fs: FsPromises, path: string): Promise<unknown> {
  try {
    return await fs.lstat(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

async function openAndClose(fs: FsPromises, path: string): Promise<{ fd: number }> {
  const handle = await fs.open(path)
  await handle.close()
  return handle
}

async function openStatReadAndClose(fs: FsPromises, path: string, buffer: Buffer): Promise<Buffer | undefined> {
  const handle = await fs.open(path)
  try {
    const { size } = await handle.stat()
    const { bytesRead } = await handle.read(buffer, 0, BLOCK, 0)
    return size === bytesRead ? buffer : undefined
  } finally {
    await handle.close()
  }
}

async function openReadFileAndClose(fs: FsPromises, path: string): Promise<string> {
  const handle = await fs.open(path)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

async function createAndUnlink(fs: FsPromises, path: string): Promise<void> {
  await fs.writeFile(path, text)
  await fs.unlink(path)
}

async function makeAndRemove(fs: FsPromises, path: string): Promise<void> {
  await fs.mkdir(path)
  await fs.rmdir(path)
}

const text = sampleText(0)
const holdsText = (path: string): boolean => nodeFs.readFileSync(path, 'utf8') === text
const itself = (path: string): string => path

/** Ten names, in each lane's own directory. */
const tenNames = Array.from({ length: 10 }, (_, index) => `name ${index}`)

function makeTen(path: string): string {
  nodeFs.mkdirSync(path)
  for (const name of tenNames) nodeFs.writeFileSync(join(path, name), '')
  return path
}

const areTen = (names: readonly string[]): boolean => [...names].sort().join() === tenNames.join()

/**
 * Iterates over what a handle yields. A synchronous handle gets a plain loop: an asynchronous one
 * would cost more than the reads.
 */
async function each<T>(items: Iterable<T> | AsyncIterable<T>, see: (item: T) => void): Promise<void> {
  if (Symbol.asyncIterator in items) for await (const item of items) see(item)
  else for (const item of items) see(item)
}

async function eachChunk(fs: FsPromises, path: string, bytes: number, see: (chunk: Buffer) => void): Promise<void> {
  const handle = await fs.open(path)
  await each<Buffer>(handle.createReadStream({ end: bytes - 1 }), see)
}

async function eachLine(fs: FsPromises, path: string, see: (line: string) => void): Promise<void> {
  const handle = await fs.open(path)
  await each(handle.readLines(), see)
}

async function streamed(fs: FsPromises, path: string, bytes: number): Promise<number> {
  let length = 0
  await eachChunk(fs, path, bytes, (chunk) => void (length += chunk.length))
  return length
}

/** Compares a stream with its file. */
async function streamsWell(fs: FsPromises, path: string, bytes: number): Promise<boolean> {
  const fd = nodeFs.openSync(path, 'r')
  let [at, same] = [0, true]
  await eachChunk(fs, path, bytes, (chunk) => {
    const expected = Buffer.alloc(chunk.length)
    nodeFs.readSync(fd, expected, 0, chunk.length, at)
    at += chunk.length
    same &&= chunk.equals(expected)
  })
  nodeFs.closeSync(fd)
  return same && at === bytes
}

/** Streams the first 64 MiB of the large file. */
async function longStreams(fs: FsPromises, task: Task): Promise<Work> {
  const { path } = task
  const bytes = Math.min(LONG_STREAM_BYTES, nodeFs.statSync(path).size)
  return ordinary(task, {
    bytes,
    start: () => streamed(fs, path, bytes),
    valid: (length) => length === bytes,
    verify: () => 0,
    async finish() {
      if (!(await streamsWell(fs, path, bytes))) mismatch(path)
      return 1
    },
  })
}

export const calls = {
  stat: eachFile(
    (fs, path) => fs.stat(path),
    ({ size }) => size === SMALL_BYTES,
    (stats) => stats.isFile(),
    PATHS,
  ),
  lstatMissing: eachLane({
    make: itself,
    call: whyMissing,
    valid: (code) => code === 'ENOENT',
    check: (path) => !nodeFs.existsSync(path),
  }),
  access: eachFile(
    (fs, path) => fs.access(path),
    () => true,
    (_, __, path) => nodeFs.existsSync(path),
    PATHS,
  ),
  realpath: eachFile(
    (fs, path) => fs.realpath(path),
    (real) => real.length > 0,
    (real, _, path) => real === nodeFs.realpathSync.native(path),
    PATHS,
  ),
  readlink: eachLane({
    make(path) {
      nodeFs.symlinkSync('../small/0.txt', path)
      return path
    },
    call: (fs, path) => fs.readlink(path),
    valid: (target) => target === '../small/0.txt',
    check: (path) => nodeFs.lstatSync(path).isSymbolicLink(),
  }),
  openClose: eachFile(openAndClose, ({ fd }) => fd === -1, undefined, PATHS),
  openStatReadClose: eachFile(
    openStatReadAndClose,
    (buffer) => buffer !== undefined,
    (buffer, index) => isText(String(buffer?.subarray(0, SMALL_BYTES)), index),
    PATHS,
  ),
  openReadFileClose: eachFile(openReadFileAndClose, ({ length }) => length === SMALL_BYTES, isText, PATHS),
  readdir: eachLane({
    make: makeTen,
    call: (fs, path) => fs.readdir(path),
    valid: (names) => (names as string[]).length === tenNames.length,
    check: async (path, fs) => areTen(await fs.readdir(path)),
  }),
  readdirTypes: eachLane({
    make: makeTen,
    call: (fs, path) => fs.readdir(path, { withFileTypes: true }),
    valid: (entries) => (entries as Dirent[]).length === tenNames.length,
    async check(path, fs) {
      const entries = await fs.readdir(path, { withFileTypes: true })
      return areTen(entries.map(({ name }) => name)) && entries.every((entry) => entry.isFile())
    },
  }),
  createUnlink: eachLane({
    make: itself,
    call: createAndUnlink,
    async check(path, fs) {
      const gone = !nodeFs.existsSync(path)
      await fs.writeFile(path, text)
      return gone && holdsText(path)
    },
  }),
  mkdirRmdir: eachLane({
    make: itself,
    call: makeAndRemove,
    async check(path, fs) {
      const gone = !nodeFs.existsSync(path)
      await fs.mkdir(path)
      return gone && nodeFs.statSync(path).isDirectory()
    },
  }),
  mkdirThere: eachLane({
    make(path) {
      const inner = join(path, 'a', 'b')
      nodeFs.mkdirSync(inner, { recursive: true })
      return inner
    },
    call: (fs, path) => fs.mkdir(path, { recursive: true }),
    valid: (first) => first === undefined,
    check: (path) => nodeFs.statSync(path).isDirectory(),
  }),
  rename: eachLane({
    make(path) {
      nodeFs.writeFileSync(path, text)
      return { from: path, to: `${path} renamed` }
    },
    call(fs, names) {
      const { from, to } = names
      names.from = to
      names.to = from
      return fs.rename(from, to)
    },
    check: ({ from, to }) => holdsText(from) && !nodeFs.existsSync(to),
  }),
  copyFile: eachLane({
    make(path) {
      nodeFs.writeFileSync(path, text)
      return { from: path, to: `${path} copied` }
    },
    call: (fs, { from, to }) => fs.copyFile(from, to),
    check: ({ to }) => holdsText(to),
  }),
  streams: eachLane({
    make(path) {
      nodeFs.writeFileSync(path, text.repeat(Math.ceil(STREAM_BYTES / text.length)).slice(0, STREAM_BYTES))
      return path
    },
    call: (fs, path) => streamed(fs, path, STREAM_BYTES),
    valid: (length) => length === STREAM_BYTES,
    check: (path, fs) => streamsWell(fs, path, STREAM_BYTES),
    bytes: STREAM_BYTES,
  }),
  longStreams,
  lines: eachLane({
    make(path) {
      const lines = Array.from({ length: LINES }, (_, index) => `${index} ${text.slice(0, 60)}`)
      nodeFs.writeFileSync(path, `${lines.join('\n')}\n`)
      return { path, lines }
    },
    async call(fs, { path }) {
      let count = 0
      await eachLine(fs, path, () => count++)
      return count
    },
    valid: (count) => count === LINES,
    async check({ path, lines }, fs) {
      const found: string[] = []
      await eachLine(fs, path, (line) => found.push(line))
      return found.join('\n') === lines.join('\n')
    },
  }),
} as const
