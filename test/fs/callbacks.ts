/** Whose callback API of `node:fs` a contract file tests: Node's own, which is the oracle, or caio's, patched in, on one backend. */
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

/** As a program without types calls it. */
export type CallbackFs = Record<Name, (...args: unknown[]) => void> & typeof nodeFs

/** What it must be like: as it is before anybody patches it. */
export const oracle = { ...nodeFs } as CallbackFs
if (subject !== 'node') (await import('caio')).patch({ callbacks: true })
/** What is tested. */
export const fs = { ...nodeFs } as CallbackFs

/** What a callback was called with, and as. */
export interface Called {
  receiver: unknown
  args: unknown[]
  /** What the stack of an error is like: Node's has no frames. */
  stack: unknown
}

/** Node 26 shows the callbacks of whole files things of its own, which no program can mean to see. */
function receiverOf(receiver: unknown): unknown {
  const name = (receiver as object | undefined)?.constructor.name
  return name === 'ReadFileContext' || name === 'WriteFileJob' ? undefined : receiver
}

/** Calls a function with these arguments and a callback behind them; one that throws throws. */
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

/** How such a call ended, as plain data. */
export function outcomeOfCall(call: (...args: never[]) => void, ...args: unknown[]): Promise<Outcome> {
  return outcomeOf(() => called(call, ...args))
}

/** As pairMaker of differential.ts, with descriptors dressed up as handles whose methods are the callback API's. */
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

/** Runs one scenario with the subject's fs and with Node's, in a file of the same name, and asserts that it tells the same story. */
export const tellsTheSame = comparer<CallbackFs>([fs, oracle])
