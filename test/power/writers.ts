/** Workloads on one handle: writes that are synced, and writes that are durable themselves. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Context, alignedBuffer, patch, unpatch } from 'caio'
import type { Run, Workload } from './run.js'

/** Few of the large ones: every cut has to read them. */
const roundsFor = (length: number): number => (length > 10_000 ? 6 : 20)

export const WRITERS = 8

type Call<T> = (...args: unknown[]) => Promise<T>
const { O_APPEND, O_DIRECT, O_DSYNC, O_RDWR, O_WRONLY } = fs.constants

export const FILES = {
  zeroed: (run: Run, bytes: number) => run.prepare('file', Buffer.alloc(bytes)),
  fallocated(run: Run, bytes: number) {
    const path = run.prepare('file')
    execFileSync('fallocate', ['-l', String(bytes), path])
    run.syncNow(path)
    return path
  },
  growing: (run: Run) => run.prepare('file'),
}

/** Eight writers, each of which writes and then syncs. */
export function writers(kind: keyof typeof FILES, length: number, sync: 'datasync' | 'sync'): Workload {
  return {
    name: `${kind}, ${length} bytes, ${sync}`,
    check: 'places',
    async run(run) {
      const rounds = roundsFor(length)
      const path = FILES[kind](run, (rounds * WRITERS + 1) * length)
      await run.opened(path, 'r+', (handle) =>
        run.together(WRITERS, rounds, (number) =>
          run.commit({ number, position: number * length, length }, async (bytes) => {
            await handle.write(bytes, 0, length, number * length)
            await handle[sync]()
          }),
        ),
      )
    },
  }
}

/** The same with the callback functions of `node:fs`. */
export const callbacks: Workload = {
  name: 'callbacks',
  check: 'places',
  async run(run) {
    const length = 700
    const path = run.prepare('file')
    if (run.subject !== 'node') patch({ callbacks: true })
    try {
      const [open, write, datasync, close] = [fs.open, fs.write, fs.fdatasync, fs.close].map((call) =>
        promisify(call as (...args: unknown[]) => void),
      ) as [Call<number>, Call<unknown>, Call<void>, Call<void>]
      const fd = await open(path, 'r+')
      await run.together(WRITERS, 20, (number) =>
        run.commit({ number, position: number * length, length }, async (bytes) => {
          await write(fd, bytes, 0, length, number * length)
          await datasync(fd)
        }),
      )
      await close(fd)
    } finally {
      if (run.subject !== 'node') unpatch()
    }
  },
}

/** Writes that are durable when they resolve, beside writers that sync. */
export const dsync: Workload = {
  name: 'dsync',
  check: 'places',
  async run(run) {
    const length = 700
    const path = run.prepare('file')
    const context = new Context()
    const write = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
      if (run.subject === 'node') await handle.write(bytes, 0, length, position)
      else await context.write(bytes, handle.fd, position, { dsync: true })
    }
    await run.opened(path, run.subject === 'node' ? O_RDWR | O_DSYNC : 'r+', async (handle) => {
      const one = (number: number, worker: number): Promise<void> =>
        run.commit({ number, position: number * length, length }, async (bytes) => {
          const position = number * length
          if (worker < 16) return write(handle, bytes, position)
          await handle.write(bytes, 0, length, position)
          await handle.datasync()
        })
      await run.together(1, 10, one)
      await run.together(20, 15, (number, worker) => one(number + 10, worker))
    })
    await context.close()
  },
}

/** The same, at the end of the file. */
export const dsyncAppended: Workload = {
  name: 'dsync, appending',
  check: 'records',
  subjects: ['linux', 'thread', 'uring', 'node'],
  async run(run) {
    const length = 700
    const context = new Context()
    await run.opened(run.prepare('file'), run.subject === 'node' ? O_WRONLY | O_APPEND | O_DSYNC : 'r+', (handle) =>
      run.together(16, 15, (number) =>
        run.commit({ number, length }, async (bytes) => {
          if (run.subject === 'node') await handle.write(bytes)
          else await context.write(bytes, handle.fd, 0, { dsync: true, append: true })
        }),
      ),
    )
    await context.close()
  },
}

/** The same, past the page cache. */
export const dsyncDirect: Workload = {
  name: 'dsync, O_DIRECT',
  check: 'places',
  async run(run) {
    const length = 4096
    const flags = O_RDWR | O_DIRECT | (run.subject === 'node' ? O_DSYNC : 0)
    const context = new Context()
    await run.opened(run.prepare('file'), flags, (handle) =>
      run.together(16, 15, (number) =>
        run.commit({ number, position: number * length, length }, async (bytes) => {
          const aligned = alignedBuffer(length)
          aligned.set(bytes)
          if (run.subject === 'node') await handle.write(aligned, 0, length, number * length)
          else await context.write(aligned, handle.fd, number * length, { dsync: true })
        }),
      ),
    )
    await context.close()
  },
}

/** Writes without a position, each followed by a sync. */
export const unpositioned: Workload = {
  name: 'without a position',
  check: 'records',
  async run(run) {
    const length = 700
    await run.opened(run.prepare('file'), 'r+', (handle) =>
      run.together(WRITERS, 20, (number) =>
        run.commit({ number, length }, async (bytes) => {
          await handle.write(bytes)
          await handle.datasync()
        }),
      ),
    )
  },
}
