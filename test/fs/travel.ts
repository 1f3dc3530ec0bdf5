/** Messages between both sides of contract/transfer.test.ts, and their use of a handle. */
import { outcomeOf } from '../support/differential.js'
import type { Loose } from '../support/subject.js'

/** What the worker has done with the subject's module before a handle arrives. */
export type Acquaintance = 'none' | 'imported' | 'used'

export interface WorkerData {
  acquaintance: Acquaintance
  path: string
}

export interface Report {
  outcomes: unknown[]
  looks: string
  /** of the engine, in the worker */
  reads: number | undefined
  handle: Loose
}

/** Calls of each kind, as plain data. The file holds the alphabet. */
export async function use(handle: Loose): Promise<unknown[]> {
  const calls: (() => Promise<unknown>)[] = [
    () => handle.read(Buffer.alloc(4), 0, 4, 3),
    () => handle.read(Buffer.alloc(4), { position: 20 }),
    () => handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 10),
    () => handle.write(Buffer.from('WXYZ'), 0, 4, 22),
    () => handle.writev([Buffer.from('A'), Buffer.from('B')], 0),
    () => handle.read(Buffer.alloc(2), 0, 2, null),
    () => handle.sync(),
    () => handle.datasync(),
    () => handle.write(Buffer.alloc(4), 0, 5, 0),
    () => handle.stat().then(({ size }) => size),
  ]
  const outcomes = []
  for (const call of calls) outcomes.push(await outcomeOf(call))
  return outcomes
}
