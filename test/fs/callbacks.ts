/**
 * The callback API of `node:fs` that a contract file tests: Node's own, the oracle, or caio's,
 * patched in, on one backend.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../support/harness.js'
import { comparer, outcomeOf } from '../support/differential.js'
import type { Outcome, Pair } from '../support/differential.js'
import { subject } from '../support/subject.js'
import type { Loose } from '../support/subject.js'

type Name =
  | ('open' | 'close' | 'fstat' | 'read' | 'write' | 'readv' | 'writev' | 'fsync' | 'fdatasync')
  | ('readFile' | 'writeFile' | 'appendFile')

/** Functions for calls without types. */
export type CallbackFs = Record<Name, (...args: unknown[]) => void> & typeof nodeFs

/** The oracle: the module before it is patched. */
export const oracle = { ...nodeFs } as CallbackFs
if (subject !== 'node') (await import('caio')).patch({ callbacks: true })
/** the module under test */
export const fs = { ...nodeFs } as CallbackFs

/** Receiver and arguments of a callback. */
export interface Called {
  receiver: unknown
  args: unknown[]
  /** Form of an error's stack: Node's has no frames. */
  stack: unknown
}

/** Node 26 calls the callbacks of whole files with internal receivers, which are ignored. */
function receiverOf(receiver: unknown): unknown {
  const name = (receiver as object | undefined)?.constructor.name
  return name === 'ReadFileContext' || name === 'WriteFileJob' ? undefined : receiver
}

/** Calls a function with these arguments and a callback after them; throws if the call throws. */
export function called(call: (...args: never[]) => void, ...args: unknown[]): Promise<Called> {
  let resolve: (value: Called) => void
  const promise = new Promise<Called>((settle) => (resolve = settle))
  const callback = function (this: unknown, ...results: unknown[]): void {
    const [error] = results
    const stack = error instanceof Error ? Object.getOwnPropertyDescriptor(error, 'stack') : undefined
    resolve({ receiver: receiverOf(this), args: results, stack })
  }
  Reflect.apply(call, undefined, [...args, callback])
  return promise
}

/** The outcome of such a call, as plain data. */
export function outcomeOfCall(call: (...args: never[]) => void, ...args: unknown[]): Promise<Outcome> {
  return outcomeOf(() => called(call, ...args))
}

/**
 * As pairMaker of differential.ts, with descriptors wrapped as handles whose methods call the
 * callback API.
 */
export function descriptorPairMaker(t: Test): (content: string | Uint8Array, flags?: string | number) => Promise<Pair> {
  const directory = temporaryDirectory(t)
  let made = 0
  return async (content, flags = 'r+') => {
    made++
    const open = (name: string, side: CallbackFs): { handle: Loose; path: string } => {
      const path = join(directory, `${name}-${made}`)
      nodeFs.writeFileSync(path, content)
      const fd = nodeFs.openSync(path, flags)
      const methods = (['read', 'write', 'readv', 'writev'] as const).map((method) => [
        method,
        (...args: unknown[]) => called(side[method], fd, ...args),
      ])
      return { path, handle: { fd, ...Object.fromEntries(methods) } as Loose }
    }
    const pair = { subject: open('subject', fs), oracle: open('oracle', oracle) }
    const close = async (): Promise<void> => {
      nodeFs.closeSync(pair.subject.handle.fd)
      nodeFs.closeSync(pair.oracle.handle.fd)
    }
    return { ...pair, close }
  }
}

/**
 * Runs one scenario with the subject's fs and with Node's, on files of the same name, and asserts
 * equal results.
 */
export const tellsTheSame = comparer<CallbackFs>([fs, oracle])
