/**
 * The fs/promises module that a trial measures. caio is loaded only to be measured: other runtimes
 * run this code, too.
 */
import type { SubjectName, Task } from './task.js'
import { synchronous } from './synchronous.js'
import type { FsPromises } from './work.js'

export interface Subject {
  fs: FsPromises
  served: () => string
  stats: () => unknown
}

/** An fs that answers at once: a trial of it shows the harness's cost. */
function idle({ blockSize }: Task): FsPromises {
  const bytes = { bytesRead: blockSize, bytesWritten: blockSize }
  const handle = {
    read: async () => bytes,
    write: async () => bytes,
    datasync: async () => undefined,
    close: async () => undefined,
  }
  return { open: async () => handle } as unknown as FsPromises
}

export async function findSubject(name: SubjectName, task: Task): Promise<Subject> {
  switch (name) {
    case 'own':
      return { fs: await import('node:fs/promises'), served: runtime, stats: () => null }
    case 'sync':
      return { fs: synchronous, served: runtime, stats: () => null }
    case 'harness':
      return { fs: idle(task), served: () => 'nothing', stats: () => null }
    case 'caio': {
      // CAIO_IMPL in the environment names the backend.
      const { default: fs } = await import('caio/fs')
      const { defaultContext } = await import('caio')
      return { fs, served: () => defaultContext().backend, stats: () => defaultContext().stats() }
    }
  }
}

/** This runtime and its version. */
export function runtime(): string {
  const { bun, deno, node } = process.versions
  return bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`
}
