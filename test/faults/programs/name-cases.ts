/** Calls of functions on names, each in its own tree. */
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call, Rule } from '../plan.js'

export type Files = typeof import('node:fs/promises')

export interface Case {
  name: string
  make(work: string): void
  /** Whether Node's function continues after its first error. */
  goesOn?: true
  /** Whether it is a method of a handle, which has no callback form. */
  isOfHandle?: true
  /** An additional fault on the same path. */
  besides?: Rule
  /** If set, the only fault that is tried: on one path, a call and its uses. */
  tried?: { call: Call; name: string; count: number }
  call(files: Files, work: string): Promise<unknown>
}

/** Two pages, so that it can be copied in parts. */
const CONTENT = 'x'.repeat(5000)

function makeFiles(work: string): void {
  fs.writeFileSync(join(work, 'file'), CONTENT)
  fs.writeFileSync(join(work, 'other'), 'y'.repeat(9000))
  fs.mkdirSync(join(work, 'dir'))
  fs.writeFileSync(join(work, 'dir/inner'), '')
  fs.mkdirSync(join(work, 'empty'))
  fs.symlinkSync('file', join(work, 'link'))
}

function makeTree(work: string): void {
  const tree = join(work, 'tree')
  fs.mkdirSync(join(tree, 'b/c'), { recursive: true })
  fs.mkdirSync(join(tree, 'd'), 0o700)
  fs.writeFileSync(join(tree, 'a'), CONTENT)
  fs.writeFileSync(join(tree, 'b/e'), CONTENT)
  fs.chmodSync(join(tree, 'b/e'), 0o400)
  fs.writeFileSync(join(tree, 'b/c/f'), '')
  fs.symlinkSync('e', join(tree, 'b/link'))
}

const uid = process.getuid?.() ?? 0
const gid = process.getgid?.() ?? 0
const { COPYFILE_EXCL } = fs.constants

type Work = (files: Files, at: (name: string) => string) => Promise<unknown>
const of = (name: string, make: Case['make'], work: Work): Case => ({
  name,
  make,
  call: (files, root) => work(files, (each) => join(root, each)),
})
const onFiles = (name: string, work: Work): Case => of(name, makeFiles, work)
const onTree = (name: string, work: Work): Case => of(name, makeTree, work)
const onHandle = (name: string, work: (handle: FileHandle) => Promise<unknown>): Case => ({
  ...onFiles(`handle.${name}`, async (files, at) => {
    const handle = await files.open(at('file'), 'r+')
    try {
      return await work(handle)
    } finally {
      await handle.close()
    }
  }),
  isOfHandle: true,
})

const shape = ({ mode, size, nlink }: fs.Stats): number[] => [mode, size, nlink]

export const cases: readonly Case[] = [
  onFiles('rename', (files, at) => files.rename(at('file'), at('new'))),
  onFiles('rename over another', (files, at) => files.rename(at('file'), at('other'))),
  onFiles('link', (files, at) => files.link(at('file'), at('new'))),
  onFiles('symlink', (files, at) => files.symlink('file', at('new'))),
  onFiles('unlink', (files, at) => files.unlink(at('file'))),
  onFiles('mkdir', (files, at) => files.mkdir(at('new'))),
  onFiles('mkdtemp', (files, at) => files.mkdtemp(at('temporary-'))),
  onFiles('rmdir', (files, at) => files.rmdir(at('empty'))),
  onFiles('chmod', (files, at) => files.chmod(at('file'), 0o600)),
  onFiles('chown', (files, at) => files.chown(at('file'), uid, gid)),
  onFiles('lchown', (files, at) => files.lchown(at('link'), uid, gid)),
  onFiles('utimes', (files, at) => files.utimes(at('file'), 1, 2)),
  onFiles('lutimes', (files, at) => files.lutimes(at('link'), 1, 2)),
  onFiles('truncate', (files, at) => files.truncate(at('file'), 3)),
  onFiles('copyFile', (files, at) => files.copyFile(at('file'), at('new'))),
  onFiles('copyFile over another', (files, at) => files.copyFile(at('file'), at('other'))),
  onFiles('copyFile, exclusive', (files, at) => files.copyFile(at('file'), at('new'), COPYFILE_EXCL)),
  {
    ...onFiles('copyFile, where the kernel does not copy', (files, at) => files.copyFile(at('file'), at('new'))),
    besides: { call: 'copy', first: 1, count: 1_000_000, action: 'fail', argument: 'EINVAL' },
    tried: { call: 'pwrite', name: 'new', count: 2 },
  },
  onFiles('readlink', (files, at) => files.readlink(at('link'))),
  onFiles('realpath', (files, at) => files.realpath(at('link'))),
  onFiles('access', (files, at) => files.access(at('file'))),
  onFiles('stat', async (files, at) => shape(await files.stat(at('link')))),
  onFiles('lstat', async (files, at) => shape(await files.lstat(at('link')))),
  onFiles('statfs', async (files, at) => (await files.statfs(at('file'))).type),
  onFiles('readdir', (files, at) => files.readdir(at('dir'))),
  onFiles('readdir with types', (files, at) => files.readdir(at('dir'), { withFileTypes: true })),
  onFiles('readFile', (files, at) => files.readFile(at('file'), 'latin1')),
  onFiles('writeFile', (files, at) => files.writeFile(at('new'), 'z'.repeat(6000))),
  onFiles('writeFile over another', (files, at) => files.writeFile(at('other'), 'z'.repeat(6000))),
  onFiles('writeFile, flush', (files, at) => files.writeFile(at('new'), 'z', { flush: true } as object)),
  onFiles('appendFile', (files, at) => files.appendFile(at('file'), 'z'.repeat(6000))),
  onHandle('close', async () => {}),
  onHandle('chmod', (handle) => handle.chmod(0o600)),
  onHandle('chown', (handle) => handle.chown(uid, gid)),
  onHandle('utimes', (handle) => handle.utimes(1, 2)),
  onHandle('truncate', (handle) => handle.truncate(3)),
  onHandle('stat', async (handle) => shape(await handle.stat())),
  onHandle('sync', (handle) => handle.sync()),
  onHandle('datasync', (handle) => handle.datasync()),
  onHandle('writeFile', (handle) => handle.writeFile('z'.repeat(6000))),
  onHandle('appendFile', (handle) => handle.appendFile('z')),
  onHandle('readFile', (handle) => handle.readFile('latin1')),
  onFiles('mkdir, recursive', (files, at) => files.mkdir(at('new/x/y'), { recursive: true })),
  onFiles('mkdir, recursive, below a file', (files, at) => files.mkdir(at('file/x'), { recursive: true })),
  onTree('readdir, recursive', (files, at) => files.readdir(at('tree'), { recursive: true })),
  onTree('readdir, recursive with types', (files, at) =>
    files.readdir(at('tree'), { recursive: true, withFileTypes: true }),
  ),
  onTree('rm of a file', (files, at) => files.rm(at('tree/a'))),
  { ...onTree('rm', (files, at) => files.rm(at('tree'), { recursive: true })), goesOn: true },
  { ...onTree('rm, force', (files, at) => files.rm(at('tree'), { recursive: true, force: true })), goesOn: true },
  onTree('cp', (files, at) => files.cp(at('tree'), at('copy'), { recursive: true })),
  onTree('cp to where no directory is', (files, at) => files.cp(at('tree/b'), at('new/x/copy'), { recursive: true })),
  // Its requests stay active until they are collected, so it has to be the last.
  onFiles('opendir', async (files, at) => {
    const names = []
    for await (const { name } of await files.opendir(at('dir'))) names.push(name)
    return names
  }),
]

/** Differences between caio and Node, as in docs/guarantees.md. */
interface Difference {
  cases: RegExp
  call: Call
  /** fails with the injected error, or behaves as if nothing were wrong */
  caio: 'fails' | 'goes on'
  /** Whether the resulting tree is the same nevertheless. */
  sameTree: boolean
}

export const differences: readonly Difference[] = [
  // Node checks whether the path exists, and reports ENOENT.
  { cases: /^mkdir, recursive/, call: 'mkdir', caio: 'fails', sameTree: true },
  // caio stats a directory after opening it; Node does not.
  { cases: /^rm/, call: 'statx', caio: 'fails', sameTree: false },
  // All entries are read when it is opened: `opendir` fails, not the reading.
  { cases: /^opendir$/, call: 'readdir', caio: 'fails', sameTree: true },
  // With a callback, Node resolves each part of the path; caio asks the kernel for all of it.
  { cases: /^realpath$/, call: 'statx', caio: 'goes on', sameTree: true },
  // The data has been read by then.
  { cases: /^readFile$/, call: 'close', caio: 'goes on', sameTree: true },
]
