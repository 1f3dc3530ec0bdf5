/** The fs/promises that a contract file tests: Node's own, the oracle, or caio's on one backend. */
import type { EventEmitter } from 'node:events'
import nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { BackendName, Stats } from 'caio'
import { requiredBackends } from './harness.js'

export type Subject = 'node' | BackendName
export type FsPromises = typeof import('node:fs/promises')

export const subjects: readonly Subject[] = ['node', ...requiredBackends]

function chosen(): Subject {
  const name = process.env['CAIO_TEST_SUBJECT'] ?? 'node'
  const subject = subjects.find((each) => each === name)
  if (!subject) throw new Error(`CAIO_TEST_SUBJECT is ${name}, but the subjects here are ${subjects.join(', ')}`)
  return subject
}

export const subject = chosen()

/** With plain Node, caio is not loaded, so it cannot affect the oracle. */
async function load(): Promise<{ fs: FsPromises; stats?: () => Stats }> {
  if (subject === 'node') return { fs: nodeFs }
  process.env['CAIO_IMPL'] = subject
  const { defaultContext } = await import('caio')
  const { default: fs } = await import('caio/fs')
  // Otherwise the test might silently run on another backend.
  if (defaultContext().backend !== subject) throw new Error(`${subject} is not available: ${defaultContext().reason}`)
  return { fs, stats: () => defaultContext().stats() }
}

const loaded = await load()

/** the module under test */
export const fs = loaded.fs
/** the module it must behave like */
export const oracle = nodeFs
/** statistics of the engine; undefined for plain Node */
export const engineStats = loaded.stats

/** A handle whose methods take arguments of any type. */
export type Method = 'read' | 'write' | 'readv' | 'writev'
export type Loose = FileHandle & EventEmitter & Record<Method, (...args: unknown[]) => Promise<unknown>>
