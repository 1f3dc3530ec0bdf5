/**
 * The same call on Node's handle and on the subject's: everything that an application could notice,
 * as plain data to compare.
 */
import assert from 'node:assert'
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { remove, temporaryDirectory } from './harness.js'
import { snapshot } from './snapshot.js'
import { fs, oracle } from './subject.js'

/** Plain data: see {@link snapshot}. */
export type Outcome = { settled: 'fulfilled'; value: unknown } | { settled: 'rejected' | 'thrown'; error: unknown }

/**
 * An error with its keys and class. Of the stack only the first line: contract/stack.test.ts tests
 * the others.
 */
function errorFacts(error: unknown): unknown {
  const { name, stack } = error as Error
  return { error: snapshot(error), name, firstLine: stack?.split('\n')[0] }
}

/** How a call ended; distinguishes throwing before a promise is returned from rejecting. */
export async function outcomeOf(call: () => unknown): Promise<Outcome> {
  let promise
  try {
    promise = call()
  } catch (error) {
    return { settled: 'thrown', error: errorFacts(error) }
  }
  try {
    return { settled: 'fulfilled', value: snapshot(await promise) }
  } catch (error) {
    return { settled: 'rejected', error: errorFacts(error) }
  }
}

/** One assertion: deeply and strictly equal. */
export function same(t: Test, actual: unknown, expected: unknown, name: string): void {
  try {
    assert.deepStrictEqual(actual, expected)
    t.pass(name)
  } catch (error) {
    t.fail(name, { differences: (error as Error).message.split('\n') })
  }
}

export interface Side {
  handle: FileHandle
  path: string
}

export interface Pair {
  subject: Side
  oracle: Side
  /** Closes both now, instead of at the end of the test. */
  close(): Promise<void>
}

/** Makes pairs of handles on files of equal content: one opened by the subject, one by Node. */
export function pairMaker(t: Test): (content: string | Uint8Array, flags?: string | number) => Promise<Pair> {
  const directory = temporaryDirectory(t)
  let made = 0
  return async (content, flags = 'r+') => {
    made++
    const open = async (side: 'subject' | 'oracle'): Promise<Side> => {
      const path = join(directory, `${side}-${made}`)
      nodeFs.writeFileSync(path, content)
      return { path, handle: await (side === 'subject' ? fs : oracle).open(path, flags) }
    }
    const pair = { subject: await open('subject'), oracle: await open('oracle') }
    const close = async (): Promise<void> => {
      await Promise.all([pair.subject.handle.close(), pair.oracle.handle.close()])
    }
    t.teardown(close)
    return { ...pair, close }
  }
}

/**
 * Makes an assertion that one scenario, run with each of two modules on a file of the same name,
 * gives the same result.
 */
export function comparer<Fs>(sides: readonly [subject: Fs, oracle: Fs]) {
  return async (
    t: Test,
    name: string,
    scenario: (side: { fs: Fs; path: string }) => Promise<unknown>,
    content: string | Uint8Array = 'abcdefghijklmnopqrstuvwxyz',
  ): Promise<void> => {
    const directory = temporaryDirectory(t)
    const stories = []
    for (const side of sides) {
      // The same path, so that messages that contain it are comparable.
      const path = join(directory, 'file')
      remove(directory)
      nodeFs.mkdirSync(directory, { recursive: true })
      nodeFs.writeFileSync(path, content)
      stories.push(await outcomeOf(() => scenario({ fs: side, path })))
    }
    same(t, stories[0], stories[1], name)
  }
}

/** Runs one scenario with the subject's fs and with Node's, and asserts that the results are equal. */
export const tellsTheSame = comparer<typeof oracle>([fs, oracle])
