/** Descriptions of functions, and helpers that several of these files share. */
import { constants } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { alignedBuffer } from 'caio'
import type { CaioFileHandle } from 'caio/fs'
import type { Room } from './room.js'

export type Call = () => unknown

export interface Described {
  /** the function, `fs.readFile`, and after a comma its variant */
  name: string
  /** codes with which it may fail */
  refused?: readonly string[]
  /** why it may wait */
  excused?: string
  /** the same, if it is Node's own */
  excusedOnPure?: string
  /**
   * Prepares the calls. They are made one after another, the first of them on files that have never
   * been used.
   */
  prepare(room: Room): Call[] | Promise<Call[]>
}

export const twice = (call: Call): Call[] => [call, call]

export const block = (): Buffer => alignedBuffer(4096).fill('b')

/** Codes if the backend, or the file system, does not support it. */
export const unsupported = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

export async function drain(stream: Readable): Promise<void> {
  stream.resume()
  await finished(stream)
}

export function fill(stream: Writable): Promise<void> {
  stream.end('content')
  return finished(stream)
}

/** Promise form of a function of `node:fs` with a callback. */
export function called(call: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error as Error) : resolve())))
}

/** For a function on a file that exists and is not open. */
export function ofPath(name: string, call: (path: string, room: Room) => unknown, bytes = 3000): Described {
  return {
    name,
    prepare(room) {
      const path = room.file(bytes)
      return twice(() => call(path, room))
    },
  }
}

export const direct = constants.O_RDWR | constants.O_DIRECT

/** For a call that works only once. */
export const once = (described: Described): Described => ({
  ...described,
  prepare: async (room) => (await described.prepare(room)).slice(0, 1),
})

/** A method of a handle that has not been used before. */
export function ofHandle(
  name: string,
  call: (handle: CaioFileHandle) => unknown,
  flags: string | number = 'r+',
  bytes = 65536,
  bounce = false,
): Described {
  return {
    name: `handle.${name}`,
    async prepare(room) {
      const handle = await room.handle(flags, bytes, bounce)
      return twice(() => call(handle))
    },
  }
}
