/**
 * Checks every function, twice, while system calls are refused, and records which ran inline:
 * `refused.js DIRECTORY …`, directories on file systems of different kinds. With CAIO_SECCOMP_LATE
 * the refusals begin after the first round.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { copyFileRange, defaultContext } from 'caio'
import fs from 'caio/fs'

export interface Refused {
  /** wrong results */
  faults: string[]
  backend: string
  /** by round and function: whether the last call of three ran inline */
  inline: Record<string, boolean>[]
}

const { geteuid, seteuid } = process as Required<Pick<NodeJS.Process, 'geteuid' | 'seteuid'>>
const directories = process.argv.slice(2)
const faults: string[] = []
const context = defaultContext()
const late = process.env['CAIO_SECCOMP_LATE'] !== undefined
const content = 'some content'

interface Files {
  old: string
  path(name: string): string
  fd: number
  handle: Awaited<ReturnType<typeof fs.open>>
}

/** A call, with its result and the expected one. */
type Calls = Record<string, (files: Files) => Promise<[found: unknown, wanted: unknown]>>

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: NodeJS.ErrnoException) => `${error.code} ${error.syscall}`,
  )

const calls: Calls = {
  stat: async ({ old }) => [(await fs.stat(old)).size, content.length],
  lstat: async ({ old }) => [(await fs.lstat(old)).isFile(), true],
  'stat of none': async ({ path }) => [await codeOf(fs.stat(path('none'))), 'ENOENT stat'],
  access: async ({ old }) => [await fs.access(old, nodeFs.constants.R_OK), undefined],
  realpath: async ({ old }) => [await fs.realpath(old), nodeFs.realpathSync(old)],
  readFile: async ({ old }) => [await fs.readFile(old, 'utf8'), content],
  read: async ({ handle }) => {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 5)
    return [`${bytesRead} ${buffer}`, `4 ${content.slice(5, 9)}`]
  },
  'read of a descriptor': async ({ fd }) => [String(await context.read(4, fd, 5)), content.slice(5, 9)],
  open: async ({ old }) => {
    const handle = await fs.open(old)
    const { size } = await handle.stat()
    await handle.close()
    return [size, content.length]
  },
  readdir: async ({ path }) => [(await fs.readdir(path('.'))).includes('old'), true],
  writeFile: async ({ path }) => {
    await fs.writeFile(path('written'), content)
    return [nodeFs.readFileSync(path('written'), 'utf8'), content]
  },
  copyFile: async ({ old, path }) => {
    await fs.copyFile(old, path('copied'))
    return [nodeFs.readFileSync(path('copied'), 'utf8'), content]
  },
  copyFileRange: async ({ fd, path }) => {
    const to = nodeFs.openSync(path('range'), 'w+')
    const copied = await copyFileRange(fd, 5, to, 2, 100)
    nodeFs.closeSync(to)
    return [`${copied} ${nodeFs.readFileSync(path('range'), 'latin1')}`, `7 \0\0${content.slice(5)}`]
  },
  'copyFileRange, overlapping': async ({ path }) => {
    nodeFs.writeFileSync(path('one'), content)
    const fd = nodeFs.openSync(path('one'), 'r+')
    const code = await codeOf(copyFileRange(fd, 0, fd, 2, 8))
    nodeFs.closeSync(fd)
    return [code, 'EINVAL copy_file_range']
  },
  sync: async ({ path }) => {
    const handle = await fs.open(path('synced'), 'w')
    await handle.write(Buffer.from(content), 0, content.length, 0)
    await handle.sync()
    await handle.close()
    return [nodeFs.readFileSync(path('synced'), 'utf8'), content]
  },
  /** must not be taken for a refusal */
  "the file's own EPERM": async ({ old }) => {
    if (geteuid() !== 0) return ['', '']
    seteuid(1234)
    const code = await codeOf(fs.chmod(old, 0o644))
    seteuid(0)
    return [code, 'EPERM chmod']
  },
}

async function use(files: Files, inline: Record<string, boolean>, kind: number): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    for (let at = 0; at < 3; at++) {
      const before = context.stats().routes
      const [found, wanted] = await call(files).catch((error: Error) => [error.message, 'no error'])
      if (found !== wanted) faults.push(`${name} in ${directories[kind]}: ${String(found)}, not ${String(wanted)}`)
      const { routes } = context.stats()
      inline[`${name} ${kind}`] = routes.inline > before.inline && routes.pool === before.pool
    }
  }
}

const inline: Record<string, boolean>[] = []
const all = await Promise.all(
  directories.map(async (directory): Promise<Files> => {
    const path = (name: string): string => join(directory, name)
    const old = path('old')
    return { old, path, fd: nodeFs.openSync(old, 'r'), handle: await fs.open(old) }
  }),
)
for (let round = 0; round < 2; round++) {
  const had: Record<string, boolean> = {}
  for (const [kind, files] of all.entries()) await use(files, had, kind)
  inline.push(had)
  if (late && round === 0) process.kill(process.pid, 'SIGUSR2')
}
for (const { handle } of all) await handle.close()
console.log(JSON.stringify({ faults, backend: context.backend, inline } satisfies Refused))
