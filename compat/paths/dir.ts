/** Node's own `Dir`, over entries that are already read. */
import { AsyncResource } from 'node:async_hooks'
import type { Dir } from 'node:fs'
import { callSoon } from '../../lib/engine/turn.js'
import { callbackFs } from '../node/original.js'

/** A request object of a `Dir`, notified of completion. */
export interface Answer {
  oncomplete(error: unknown, entries?: Entries | null): void
}

/** Names, each before its type. */
export type Entries = (string | number)[]

/** Replaces Node's own native part of a `Dir`, which holds a descriptor. */
export interface DirHandle {
  /** @returns the next entries, if there is no `answer` to notify; null at the end */
  read(encoding: string, most: number, answer?: Answer): Entries | null | undefined
  close(answer?: Answer): void
}

type DirClass = new (handle: DirHandle, path: string, options: object) => Dir
export const NodeDir = callbackFs.Dir as unknown as DirClass

/** Notifies asynchronously, in the asynchronous context that it is made in, as Node does. */
export function answering(answer: Answer): Answer['oncomplete'] {
  const due = AsyncResource.bind(
    (...outcome: Parameters<Answer['oncomplete']>) => answer.oncomplete(...outcome),
    'FSREQCALLBACK',
  )
  return (...outcome) => callSoon({ due: () => due(...outcome) })
}

/** The entries of one directory. */
export class EntriesHandle implements DirHandle {
  readonly #entries: Entries
  #at = 0

  constructor(entries: Entries) {
    this.#entries = entries
  }

  read(_encoding: string, most: number, answer?: Answer): Entries | null {
    const part = this.#entries.slice(this.#at, this.#at + 2 * most)
    this.#at += part.length
    const entries = part.length > 0 ? part : null
    if (answer) answering(answer)(null, entries)
    return entries
  }

  close(answer?: Answer): void {
    if (answer) answering(answer)(null)
  }
}

/** Whether Node's class works with such a handle as this code expects. */
function isKnown(): boolean {
  try {
    const directory = new NodeDir(new EntriesHandle(['name', 2]), 'path', {})
    const entry = directory.readSync()
    const isEntry = entry?.name === 'name' && entry.parentPath === 'path' && entry.isDirectory()
    const isEnd = directory.readSync() === null
    directory.closeSync()
    return isEntry && isEnd && directory.path === 'path'
  } catch {
    return false
  }
}

let known: boolean | undefined

/** Determined when first needed: the first use takes Node a few milliseconds. */
export function makesDirectories(): boolean {
  return (known ??= isKnown())
}
