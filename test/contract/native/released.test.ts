/**
 * Files changed in the last minute: closing one may start writeback. `linux` closes it at once only
 * if a thread has closed it since the change.
 */
import nodeFs from 'node:fs'
import t from 'tap'
import fs from 'caio/fs'
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from 'caio'
import { base, temporaryFile } from '../../support/harness.js'

/** ext4, btrfs; on xfs, any close may have something to do */
const isLocal = [0xef53, 0x9123683e].includes(nodeFs.statfsSync(base).type)
const skip =
  defaultContext().backend !== 'linux'
    ? 'for linux'
    : !isLocal && 'no file changed lately is closed at once on this file system'

/** milliseconds */
const PATIENCE = 20_000

const closedAtOnce = (): number => defaultContext().stats().ways.close?.inline ?? 0

/** Whether the handle's close was inline. */
async function closes(handle: FileHandle): Promise<boolean> {
  const before = closedAtOnce()
  await handle.close()
  return closedAtOnce() > before
}

/** Closes the file until that is inline: its change has to be some milliseconds old, and its file system known. */
async function closeUntilAtOnce(path: string): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await closes(await fs.open(path)))) {
    if (performance.now() > end) throw new Error('it is never closed at once')
  }
}

t.test('it is, until it is changed again', { skip }, async (t) => {
  const { path, fd } = temporaryFile(t, 'text')
  await closeUntilAtOnce(path)
  const changes: Record<string, () => void> = {
    truncated: () => nodeFs.ftruncateSync(fd, 0),
    written: () => nodeFs.writeSync(fd, 'text', 0),
  }
  for (const [name, change] of Object.entries(changes)) {
    change()
    t.notOk(await closes(await fs.open(path)), name)
    await closeUntilAtOnce(path)
  }
})

t.test('another of the same name is another', { skip }, async (t) => {
  const { path } = temporaryFile(t, 'text')
  await closeUntilAtOnce(path)
  nodeFs.unlinkSync(path)
  nodeFs.writeFileSync(path, 'other')
  t.notOk(await closes(await fs.open(path)))
})

t.test('a file without a name, and one open for writing, are left to a thread', { skip }, async (t) => {
  const { path } = temporaryFile(t, 'text')
  await closeUntilAtOnce(path)
  t.notOk(await closes(await fs.open(path, 'r+')))
  await closeUntilAtOnce(path)
  const handle = await fs.open(path)
  nodeFs.unlinkSync(path)
  t.notOk(await closes(handle))
})
