/**
 * Makes each call on both handles of a fresh pair, and compares everything that an application
 * could notice.
 */
import nodeFs from 'node:fs'
import type { Test } from 'tap'
import { outcomeOf, pairMaker, same } from '../../support/differential.js'
import type { Side } from '../../support/differential.js'
import { snapshot } from '../../support/snapshot.js'
import type { Loose, Method } from '../../support/subject.js'
import type { Call } from '../../support/argument-values.js'

const CONTENT = 'abcdefghijklmnopqrstuvwxyz'
/** A sparse file may be huge: only its edges are compared. */
const EDGE = 4096

function edges(fd: number): { size: number; head: string; tail: string } {
  const { size } = nodeFs.fstatSync(fd)
  const head = Buffer.alloc(EDGE)
  const tail = Buffer.alloc(EDGE)
  const inHead = nodeFs.readSync(fd, head, 0, EDGE, 0)
  const inTail = nodeFs.readSync(fd, tail, 0, EDGE, Math.max(0, size - EDGE))
  return { size, head: head.toString('latin1', 0, inHead), tail: tail.toString('latin1', 0, inTail) }
}

/** Bytes at the file's position, as found by a sequential read. */
function next(fd: number): string {
  const buffer = Buffer.alloc(8)
  return buffer.toString('latin1', 0, nodeFs.readSync(fd, buffer, 0, 8, null))
}

/** Names the argument that a call returns. */
function givenBack(value: unknown, first: unknown): string {
  const { buffer, buffers = buffer } = (value ?? {}) as { buffer?: unknown; buffers?: unknown }
  if (buffers === undefined) return 'nothing'
  if (buffers === first) return 'the first'
  return buffers === (first as { buffer?: unknown } | undefined)?.buffer ? 'its buffer' : 'another'
}

async function observe({ handle }: Side, method: Method, call: Call): Promise<unknown> {
  const { fd } = handle
  const given = call.make()
  let promise: Promise<unknown> | undefined
  const outcome = await outcomeOf(() => (promise = (handle as Loose)[method](...given)))
  const value = outcome.settled === 'fulfilled' ? await promise : undefined
  return {
    outcome,
    // Includes the bytes read into the arguments, and shows that nothing else in them has changed.
    given: snapshot(given),
    givenBack: givenBack(value, given[0]),
    next: next(fd),
    file: edges(fd),
    stillOpen: handle.fd === fd,
  }
}

export async function compareCalls(
  t: Test,
  method: Method,
  calls: Call[],
  least: number,
  makePair = pairMaker(t),
): Promise<void> {
  t.ok(calls.length >= least, `${calls.length} calls`)
  for (const call of calls) {
    const pair = await makePair(CONTENT)
    same(
      t,
      await observe(pair.subject, method, call),
      await observe(pair.oracle, method, call),
      `${method}(${call.name})`,
    )
    await pair.close()
  }
}
