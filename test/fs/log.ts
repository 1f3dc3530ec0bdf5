/** Logs made for a test, and an fs whose handles can be made to fail, or to wait. */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { LogReader, LogWriter } from 'caio'
import type { LogEnd } from 'caio'
import { fs } from './subject.js'
import type { FsPromises } from './subject.js'

/** Contents of many lengths, each telling which it is. */
export const content = (number: number): string => `${number}:`.padEnd(1 + ((number * 37) % 300), 'x')

/** A log of records 0 to `count` - 1; their positions, and where it ends. */
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

export async function scan(path: string, start?: number): Promise<Scanned> {
  const reader = new LogReader(path, { fs, ...(start !== undefined && { start }) })
  const scanned: Scanned = { records: [], positions: [], end: undefined }
  for await (const { position, content } of reader) {
    scanned.records.push(content.toString())
    scanned.positions.push(position)
  }
  return { ...scanned, end: reader.end }
}

type Method = 'write' | 'datasync' | 'sync' | 'truncate'

export interface Watched {
  fs: Pick<FsPromises, 'open'>
  /** calls so far */
  counts: Record<Method, number>
}

/** The subject's fs, whose handles ask `before` and count; what `before` rejects with the call is rejected with. */
export function watchedFs(before: (method: Method, count: number, args: unknown[]) => unknown): Watched {
  const counts = { write: 0, datasync: 0, sync: 0, truncate: 0 }
  async function open(...args: Parameters<FsPromises['open']>): Promise<FileHandle> {
    const handle = await fs.open(...args)
    for (const method of ['write', 'datasync', 'sync', 'truncate'] as const) {
      const own = handle[method].bind(handle) as (...args: unknown[]) => Promise<unknown>
      const watched = async (...args: unknown[]): Promise<unknown> => (await before(method, ++counts[method], args)) ?? own(...args)
      Object.defineProperty(handle, method, { value: watched })
    }
    return handle
  }
  return { fs: { open }, counts }
}
