/** Whose fs/promises a contract file tests: Node's own, which is the oracle, or caio's on one backend. */
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

/** Under plain Node nothing of caio ever opens a file, so it cannot be in the oracle's way. */
async function load(): Promise<{ fs: FsPromises; stats?: () => Stats }> {
  if (subject === 'node') return { fs: nodeFs }
  process.env['CAIO_IMPL'] = subject
  const { defaultContext } = await import('caio')
  const { default: fs } = await import('caio/fs')
  // Otherwise another backend might be tested four times over.
  if (defaultContext().backend !== subject) throw new Error(`${subject} is not available: ${defaultContext().reason}`)
  return { fs, stats: () => defaultContext().stats() }
}

const loaded = await load()

/** What is tested. */
export const fs = loaded.fs
/** What it must be like. */
export const oracle = nodeFs
/** What the engine has done; undefined for plain Node. */
export const engineStats = loaded.stats

/** A handle as JavaScript sees it, where any argument may be anything. */
export type Method = 'read' | 'write' | 'readv' | 'writev'
export type Loose = FileHandle & EventEmitter & Record<Method, (...args: unknown[]) => Promise<unknown>>
