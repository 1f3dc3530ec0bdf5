/** `opendir`: Node's own `Dir` over entries that are all read at open. */
import { AsyncResource } from 'node:async_hooks'
import type { Buffer } from 'node:buffer'
import type { Dir } from 'node:fs'
import type { PathCall } from '../../lib/engine/request.js'
import { callSoon } from '../../lib/engine/turn.js'
import { isUtf8, optionsOrEncoding, plainPath } from '../arguments/path.js'
import { callbackFs } from '../node/original.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { directoryMemory, namesOf, typesOf } from './readdir.js'

/** A request object of a `Dir`, notified of completion. */
interface Answer {
  oncomplete(error: null, entries?: Entries | null): void
}

/** Names, each before its type. */
type Entries = (string | number)[]

/** Replaces Node's own native part, which holds a descriptor. */
class Handle {
  readonly #entries: Entries
  #at = 0

  constructor(entries: Entries) {
    this.#entries = entries
  }

  /** @returns the next entries, if there is no `answer` to notify; null at the end */
  read(_encoding: string, most: number, answer?: Answer): Entries | null {
    const part = this.#entries.slice(this.#at, this.#at + 2 * most)
    this.#at += part.length
    const entries = part.length > 0 ? part : null
    if (answer) tell(answer, entries)
    return entries
  }

  close(answer?: Answer): void {
    if (answer) tell(answer)
  }
}

/** Notifies asynchronously, in the caller's asynchronous context, as Node does. */
function tell(answer: Answer, ...entries: [] | [Entries | null]): void {
  callSoon({ due: AsyncResource.bind(() => answer.oncomplete(null, ...entries), 'FSREQCALLBACK') })
}

type DirClass = new (handle: Handle, path: string, options: object) => Dir
const NodeDir = callbackFs.Dir as unknown as DirClass

/** Whether Node's class works with such a handle as this code expects. */
function isKnown(): boolean {
  try {
    const directory = new NodeDir(new Handle(['name', 2]), 'path', {})
    const entry = directory.readSync()
    const isEntry = entry?.name === 'name' && entry.parentPath === 'path' && entry.isDirectory()
    const isEnd = directory.readSync() === null
    directory.closeSync()
    return isEntry && isEnd && directory.path === 'path'
  } catch {
    return false
  }
}

/** Determined when first needed: the first use takes Node a few milliseconds. */
let makesDirectories: boolean | undefined

interface OpendirCall extends PathCall {
  readonly options: object
}

export const opendir: PathFunction<OpendirCall, Buffer> = {
  name: 'opendir',
  arity: [1, 2],
  memory: directoryMemory,
  plain(path, options) {
    const given = optionsOrEncoding(options, ['encoding', 'bufferSize', 'recursive'])
    if (!given || !isUtf8(given['encoding']) || !(makesDirectories ??= isKnown())) return undefined
    const { bufferSize = 32, recursive = false } = given
    if (typeof bufferSize !== 'number' || !Number.isInteger(bufferSize) || bufferSize < 1 || bufferSize > 2 ** 31) {
      return undefined
    }
    // Node reads nested directories on the event loop's thread.
    if (recursive !== false) return undefined
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name, options: { bufferSize } }
  },
  value(count, reply, { path, options }) {
    const types = typesOf(reply, count)
    if (!types) return NODES
    const entries = namesOf(reply, count).flatMap((name, at) => [name, types[at] as number])
    return new NodeDir(new Handle(entries), path, options)
  },
}
