/** Logs made for a test, and an fs whose handles can be made to fail, or to wait. */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import zlib from 'node:zlib'
import { LogReader, LogWriter } from 'caio'
import type { LogEnd } from 'caio'
import { fs } from './subject.js'
import type { FsPromises } from './subject.js'

/** Contents of many lengths; each contains its number. */
export const content = (number: number): string => `${number}:`.padEnd(1 + ((number * 37) % 300), 'x')

/**
 * Makes a log of records 0 to `count` - 1.
 * @returns their positions, and its end
 */
export async function makeLog(path: string, count: number): Promise<number[]> {
  const log = await LogWriter.open(path, { fs })
  const positions = Array.from({ length: count }, (_, number) => log.append(content(number)))
  await log.close()
  return [...positions, nodeFs.statSync(path).size]
}

export interface Scanned {
  records: string[]
  positions: number[]
  end: LogEnd | undefined
}

export async function scan(
  path: string | URL | Buffer,
  start?: number,
  damaged: 'stop' | 'skip' = 'stop',
): Promise<Scanned> {
  const reader = new LogReader(path, { fs, damaged, ...(start !== undefined && { start }) })
  const scanned: Scanned = { records: [], positions: [], end: undefined }
  for await (const { position, content } of reader) {
    scanned.records.push(content.toString())
    scanned.positions.push(position)
  }
  return { ...scanned, end: reader.end }
}

type Method = 'write' | 'datasync' | 'sync' | 'truncate'

export interface Watched {
  fs: Pick<FsPromises, 'open' | 'unlink'>
  /** calls so far */
  counts: Record<Method, number>
}

/**
 * The subject's fs with handles that first call `before`, and count. A call rejects with what
 * `before` rejects with.
 */
export function watchedFs(before: (method: Method, count: number, args: unknown[]) => unknown): Watched {
  const counts = { write: 0, datasync: 0, sync: 0, truncate: 0 }
  async function open(...args: Parameters<FsPromises['open']>): Promise<FileHandle> {
    const handle = await fs.open(...args)
    for (const method of ['write', 'datasync', 'sync', 'truncate'] as const) {
      const own = handle[method].bind(handle) as (...args: unknown[]) => Promise<unknown>
      const watched = async (...args: unknown[]): Promise<unknown> =>
        (await before(method, ++counts[method], args)) ?? own(...args)
      Object.defineProperty(handle, method, { value: watched })
    }
    return handle
  }
  return { fs: { open, unlink: fs.unlink }, counts }
}

export interface Image {
  /** The file after a crash of the machine if every sector has reached the disk. */
  bytes: Buffer
  /** positions of the records, and their end */
  positions: number[]
  /** position before which everything had been committed */
  durable: number
}

/**
 * A log whose writer was stopped after writing the last batch, before it was durable. Every other
 * batch was committed.
 */
export async function crashImage(path: string, batches: readonly (readonly string[])[]): Promise<Image> {
  let isLast = false
  const { fs: failing } = watchedFs((method) => {
    if (isLast && method === 'datasync') throw new Error('the crash')
  })
  const log = await LogWriter.open(path, { fs: failing })
  const positions: number[] = []
  for (const [at, batch] of batches.entries()) {
    isLast = at === batches.length - 1
    for (const record of batch) positions.push(log.append(record))
    await log.commit().catch((error: Error) => {
      if (error.message !== 'the crash') throw error
    })
  }
  const { durable, end } = log
  const bytes = nodeFs.readFileSync(path)
  await log.close().catch(() => undefined)
  return { bytes, positions: [...positions, end], durable }
}

/**
 * Makes a log in the first format, from its description alone.
 * @returns positions of its records, and their end
 */
export function makeFirstFormat(path: string, records: readonly (string | Buffer)[]): number[] {
  const salt = 0x12345678
  const parts = [Buffer.from('caiolog1'), Buffer.alloc(8)]
  parts[1]!.writeUInt32LE(salt)
  let position = 16
  const positions = records.map((record) => {
    const content = Buffer.from(record as string)
    const start = (salt ^ Math.imul(position, 0x9e3779b1) ^ Math.imul(content.length + 1, 0x85ebca6b)) >>> 0
    const head = Buffer.alloc(8)
    head.writeUInt32LE(content.length)
    head.writeUInt32LE(zlib.crc32(content, start), 4)
    parts.push(head, content)
    position += 8 + content.length
    return position - 8 - content.length
  })
  nodeFs.writeFileSync(path, Buffer.concat(parts))
  return [...positions, position]
}
