/** node:fs's synchronous functions as an fs/promises module: the cost of a call that waits for no other thread. */
import nodeFs from 'node:fs'
import { functions } from './work.js'
import type { FsPromises } from './work.js'

const CHUNK = 64 * 1024

/** The methods of a handle that workloads call. */
class Handle {
  constructor(public fd: number) {}

  async stat(): Promise<nodeFs.Stats> {
    return nodeFs.fstatSync(this.fd)
  }

  async read(buffer: Buffer, offset: number, length: number, position: number | null) {
    return { bytesRead: nodeFs.readSync(this.fd, buffer, offset, length, position), buffer }
  }

  async write(buffer: Buffer, offset: number, length: number, position: number | null) {
    return { bytesWritten: nodeFs.writeSync(this.fd, buffer, offset, length, position), buffer }
  }

  async readFile(encoding: BufferEncoding): Promise<string> {
    return nodeFs.readFileSync(this.fd, encoding)
  }

  async close(): Promise<void> {
    nodeFs.closeSync(this.fd)
    this.fd = -1
  }

  /** A loop of reads: the synchronous form closest to a stream. */
  *createReadStream({ end = Infinity }: { end?: number } = {}): Generator<Buffer> {
    let left = end + 1
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, left))
      const read = nodeFs.readSync(this.fd, chunk, 0, chunk.length, null)
      if (read === 0) break
      left -= read
      yield chunk.subarray(0, read)
    }
    void this.close()
  }

  *readLines(): Generator<string> {
    const lines = nodeFs.readFileSync(this.fd, 'utf8').split('\n')
    void this.close()
    if (lines.at(-1) === '') lines.pop()
    yield* lines
  }
}

type Synchronous = (...args: unknown[]) => unknown

/**
 * The synchronous form of a function. For realpath, realpathSync.native: both ask the system, while
 * realpathSync looks up name after name.
 */
const twin = (name: string): Synchronous =>
  name === 'realpath'
    ? (nodeFs.realpathSync.native as Synchronous)
    : (nodeFs as unknown as Record<string, Synchronous>)[`${name}Sync`]!

const twins = functions.map((name) => {
  const synchronously = twin(name)
  return [name, async (...args: unknown[]): Promise<unknown> => synchronously(...args)] as const
})

export const synchronous = {
  ...Object.fromEntries(twins),
  open: async (path: string, flags?: string | number) => new Handle(nodeFs.openSync(path, flags ?? 'r')),
} as unknown as FsPromises
