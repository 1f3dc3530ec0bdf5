/** A file made through a dangling link is in another directory: that one has to be synced. */
import fs from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { LogReader, LogWriter, PageFile } from 'caio'
import { temporaryDirectory } from '../../support/harness.js'

const skip = process.platform === 'win32' && 'syncs no directories'

/** fs/promises, and the names of the directories that it opens. */
function watched(): { files: typeof fs.promises; directories: string[] } {
  const directories: string[] = []
  const open = async (path: string | Buffer, ...how: []): Promise<fs.promises.FileHandle> => {
    const handle = await fs.promises.open(path, ...how)
    if ((await handle.stat()).isDirectory()) directories.push(basename(String(path)))
    return handle
  }
  return { files: { ...fs.promises, open } as typeof fs.promises, directories }
}

/** A link to a link; neither is where the file will be. */
function dangling(t: Test): { path: string; target: string } {
  const base = temporaryDirectory(t)
  for (const name of ['first', 'second', 'there']) fs.mkdirSync(join(base, name))
  const path = join(base, 'first/file')
  fs.symlinkSync('../second/file', path)
  fs.symlinkSync(join(base, 'there/file'), join(base, 'second/file'))
  return { path, target: join(base, 'there/file') }
}

t.test('a log', { skip }, async (t) => {
  const { path, target } = dangling(t)
  const { files, directories } = watched()
  const log = await LogWriter.open(path, { fs: files })
  t.same(directories, ['there'])
  log.append(Buffer.from('record'))
  await log.close()
  const records = []
  for await (const { content } of new LogReader(target)) records.push(String(content))
  t.same(records, ['record'])
})

t.test('a file of pages', { skip }, async (t) => {
  const { path, target } = dangling(t)
  const { files, directories } = watched()
  const pages = await PageFile.open(path, { fs: files })
  t.same(directories, ['there'])
  await pages.close()
  t.ok(fs.existsSync(target))
})

t.test('with a module that does not follow links, the directory of the path', { skip }, async (t) => {
  const { path } = dangling(t)
  const { files, directories } = watched()
  const { open } = files
  const refused = (): Promise<never> => Promise.reject(new Error('refused'))
  await (await LogWriter.open(path, { fs: { open } })).close()
  await (await LogWriter.open(join(path, '../other'), { fs: { open, realpath: refused } })).close()
  t.same(directories, ['first', 'first'])
})
