/**
 * A walk through the functions of `node:fs`, with a promise and with a callback, as a program calls
 * them; it reports each result.
 */
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type nodeFs from 'node:fs'

export type Fs = typeof nodeFs
export type Story = Record<string, unknown>

type Any = (...args: unknown[]) => unknown

function shown(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString()
  if (Array.isArray(value)) return value.map(shown).sort()
  if (typeof value !== 'object' || value === null) return value
  if ('isFile' in value && 'size' in value) {
    const stats = value as nodeFs.Stats
    return { size: stats.isFile() ? stats.size : undefined, file: stats.isFile(), directory: stats.isDirectory() }
  }
  if ('bytesRead' in value) return { bytesRead: value.bytesRead }
  if ('bytesWritten' in value) return { bytesWritten: value.bytesWritten }
  return value.constructor?.name ?? 'object'
}

/** Reads or writes everything, and waits for the end. */
export function flow(stream: Readable | Writable): Promise<string> {
  let content = ''
  return new Promise((resolve, reject) => {
    stream.on('error', reject).on('close', () => resolve(content))
    if ('readable' in stream) stream.on('data', (part) => (content += String(part)))
  })
}

class Teller {
  readonly story: Story = {}

  constructor(
    readonly directory: string,
    readonly without: string | undefined,
  ) {}

  async tell(name: string, act: () => unknown): Promise<void> {
    if (this.without !== undefined && name.endsWith(this.without)) return
    try {
      this.story[name] = shown(await act())
    } catch (error) {
      const { code, syscall, message } = error as NodeJS.ErrnoException
      this.story[name] = [code, syscall, message.replaceAll(this.directory, '')]
    }
  }
}

/** The results of these acts, one after the other. */
export async function told(acts: Readonly<Record<string, () => unknown>>): Promise<Story> {
  const teller = new Teller('', undefined)
  for (const [name, act] of Object.entries(acts)) await teller.tell(name, act)
  return teller.story
}

/** Arguments by name; earlier calls have made the files that a call needs. */
const calls: Readonly<Record<string, (path: (name: string) => string) => unknown[]>> = {
  writeFile: (path) => [path('file'), 'content'],
  appendFile: (path) => [path('file'), ' and more'],
  readFile: (path) => [path('file'), 'utf8'],
  'readFile, missing': (path) => [path('missing'), 'utf8'],
  stat: (path) => [path('file')],
  lstat: (path) => [path('file')],
  access: (path) => [path('file')],
  mkdir: (path) => [path('made')],
  'mkdir, recursive': (path) => [path('made/a/b'), { recursive: true }],
  rename: (path) => [path('file'), path('made/renamed')],
  copyFile: (path) => [path('made/renamed'), path('copy')],
  link: (path) => [path('copy'), path('linked')],
  symlink: (path) => ['copy', path('symbolic')],
  readlink: (path) => [path('symbolic')],
  realpath: (path) => [path('symbolic')],
  chmod: (path) => [path('copy'), 0o600],
  utimes: (path) => [path('copy'), 1, 2],
  truncate: (path) => [path('copy'), 4],
  readdir: (path) => [path('.')],
  'readdir, recursive': (path) => [path('.'), { recursive: true }],
  cp: (path) => [path('made'), path('tree'), { recursive: true }],
  rm: (path) => [path('tree'), { recursive: true }],
  unlink: (path) => [path('linked')],
  rmdir: (path) => [path('made/a/b')],
}

const named = (name: string): string => name.split(',', 1)[0] as string

async function withPromises(fs: Fs, teller: Teller): Promise<void> {
  const path = (name: string): string => join(teller.directory, name)
  const promises = fs.promises as unknown as Record<string, Any>
  for (const [name, args] of Object.entries(calls)) {
    await teller.tell(`promises.${name}`, async () => {
      const value = await (promises[named(name)] as Any)(...args(path))
      return typeof value === 'string' ? value.replaceAll(teller.directory, '') : value
    })
  }
  await teller.tell('promises.open', async () => {
    const handle = await fs.promises.open(path('copy'), 'r+')
    try {
      const outcomes: Story = {}
      outcomes['read'] = shown(await handle.read(Buffer.alloc(4), 0, 4, 0))
      outcomes['write'] = shown(await handle.write(Buffer.from('xy'), 0, 2, 1))
      outcomes['stat'] = shown(await handle.stat())
      outcomes['readFile'] = await handle.readFile('utf8')
      return JSON.stringify(outcomes)
    } finally {
      await handle.close()
    }
  })
  await teller.tell('promises.opendir', async () => {
    const names = []
    for await (const { name } of await fs.promises.opendir(path('.'))) names.push(name)
    return names
  })
}

async function withCallbacks(fs: Fs, teller: Teller): Promise<void> {
  const path = (name: string): string => join(teller.directory, name)
  const called = (name: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const call = (fs as unknown as Record<string, Any>)[name] as Any
      call.call(fs, ...args, (error: unknown, value: unknown) => (error ? reject(error as Error) : resolve(value)))
    })
  for (const [name, args] of Object.entries(calls)) {
    await teller.tell(name, async () => {
      const value = await called(named(name), args(path))
      return typeof value === 'string' ? value.replaceAll(teller.directory, '') : value
    })
  }
  await teller.tell('open', async () => {
    const fd = await called('open', [path('copy'), 'r+'])
    const buffer = Buffer.alloc(4)
    const outcomes = [
      await called('read', [fd, buffer, 0, 4, 0]),
      await called('write', [fd, Buffer.from('ab'), 0, 2, 1]),
      shown(await called('fstat', [fd])),
      await called('fsync', [fd]),
      await called('close', [fd]),
      buffer.toString(),
    ]
    return JSON.stringify(outcomes)
  })
  await teller.tell('createWriteStream', () => flow(fs.createWriteStream(path('stream')).end('streamed')))
  await teller.tell('createReadStream', () => flow(fs.createReadStream(path('stream'))))
}

/**
 * @param directory its own, and empty
 * @param without function that is not called
 */
export async function walk(fs: Fs, directory: string, without?: string): Promise<Story> {
  const teller = new Teller(directory, without)
  await withPromises(fs, teller)
  for (const name of await fs.promises.readdir(directory)) {
    await fs.promises.rm(join(directory, name), { recursive: true, force: true })
  }
  await withCallbacks(fs, teller)
  return teller.story
}
