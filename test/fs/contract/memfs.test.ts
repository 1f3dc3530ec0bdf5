/**
 * A second oracle: memfs' handle, Node's and the subject's do the same walk, and end with the same
 * content.
 */
// @thorough node linux thread pure
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { memfs } from 'memfs'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { same } from '../../support/differential.js'
import { random } from '../../support/seeded-random.js'
import { fs, subject } from '../../support/subject.js'

/** Methods of both kinds of handle. */
interface Handle {
  read(buffer: Buffer, offset: number, length: number, position: number | null): Promise<{ bytesRead: number }>
  write(buffer: Buffer, offset: number, length: number, position: number | null): Promise<{ bytesWritten: number }>
  readv(buffers: Buffer[], position: number): Promise<{ bytesRead: number }>
  writev(buffers: Buffer[], position: number): Promise<{ bytesWritten: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  close(): Promise<void>
}

const STEPS = 1500

/** The bytes moved and read by each step. */
async function walk(handle: Handle, seed: number): Promise<string[]> {
  const below = random(seed)
  const story: string[] = []
  let size = 0
  for (let step = 0; step < STEPS; step++) {
    const length = 1 + below(2000)
    const offset = below(10)
    // Within the file or directly after it: memfs fills a gap in its own way.
    const position = below(size + 1)
    const buffer = Buffer.alloc(offset + length, 65 + (step % 26))
    const kind = below(9)
    if (kind < 3) {
      story.push(`write ${(await handle.write(buffer, offset, length, position)).bytesWritten}`)
    } else if (kind === 3) {
      story.push(`writev ${(await handle.writev([buffer.subarray(0, 3), buffer.subarray(3)], position)).bytesWritten}`)
    } else if (kind < 7) {
      story.push(`read ${(await handle.read(buffer, offset, length, position)).bytesRead} ${buffer.toString('latin1')}`)
    } else if (kind === 7) {
      const { bytesRead } = await handle.readv([buffer.subarray(0, 2), buffer.subarray(2)], position)
      story.push(`readv ${bytesRead} ${buffer.toString('latin1')}`)
    } else {
      size = below(size + 1)
      await handle.truncate(size)
      await handle.datasync()
    }
    if (kind < 3) size = Math.max(size, position + length)
    if (kind === 3) size = Math.max(size, position + buffer.length)
  }
  await handle.close()
  return story
}

for (const seed of [1, 2, 3]) {
  await t.test(`walk ${seed} of ${STEPS} steps on ${subject}`, async (t) => {
    const path = join(temporaryDirectory(t), 'file')
    const { fs: inMemory } = memfs()
    const theirs = await walk((await inMemory.promises.open('/file', 'w+')) as unknown as Handle, seed)
    const ours = await walk((await fs.open(path, 'w+')) as unknown as Handle, seed)
    same(t, ours, theirs, 'every step')
    t.ok(nodeFs.readFileSync(path).equals(inMemory.readFileSync('/file') as Buffer), 'the content')
  })
}
