/** The private parts of Node's FileHandle, found by the descriptions of its symbols. */
import type { FileHandle } from 'node:fs/promises'
import { whyNotLoadable } from '../../lib/common/runtime.js'

const { process } = globalThis

/** Symbols of a handle's private parts. */
export interface Internals {
  /** called by {@link ref} */
  ref: symbol
  /** called by {@link unref} */
  unref: symbol
  transfer: symbol | undefined
  deserialize: symbol | undefined
  /** key of the descriptor */
  fd: symbol | undefined
  /** key of the native part */
  handle: symbol | undefined
}

export type Internal = FileHandle & Record<symbol, (() => void) & unknown>

export function findInternals(handle: FileHandle): Internals | undefined {
  // Another runtime's handles look like Node's, down to the symbols, but have other error messages,
  // and their own methods do all that `pure` could.
  if (whyNotLoadable(process.versions)) return undefined
  const symbols = [
    ...Object.getOwnPropertySymbols(Object.getPrototypeOf(handle)),
    ...Object.getOwnPropertySymbols(handle),
  ]
  const find = (description: string): symbol | undefined => symbols.find((symbol) => symbol.description === description)
  const ref = find('kRef')
  const unref = find('kUnref')
  // Without these, close() could not wait for the engine: such a handle is left to its own runtime.
  if (!ref || !unref) return undefined
  return {
    ref,
    unref,
    transfer: find('messaging_transfer_symbol'),
    deserialize: find('messaging_deserialize_symbol'),
    fd: find('kFd'),
    handle: find('kHandle'),
  }
}

// There is one class of handles, so these are the same for all of them.
let refName: symbol
let unrefName: symbol
let fdName: symbol | undefined

export function useInternals(internals: Internals): void {
  refName = internals.ref
  unrefName = internals.unref
  fdName = internals.fd
}

/** Keeps the descriptor open: `close()` waits. A call made while it waits is served, as in Node. */
export function ref(handle: FileHandle): void {
  ;(handle as Internal)[refName]!()
}

/** Ends a {@link ref}. */
export function unref(handle: FileHandle): void {
  ;(handle as Internal)[unrefName]!()
}

/** A handle's descriptor, without the note that the program has it: see {@link HandleState.noteNumber}. */
export function numberOf(handle: FileHandle): number {
  return fdName === undefined ? handle.fd : ((handle as Internal)[fdName] as unknown as number)
}
