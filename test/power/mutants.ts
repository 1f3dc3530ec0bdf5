/**
 * Programs that acknowledge changes that are not durable. Each has to lose some, or the suite
 * proves nothing.
 */
import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { levelWithoutSync, tableWithoutSync } from './kit.js'
import { storeWithoutSync } from './recipe.js'
import type { Files, Run, Workload } from './run.js'
import { appendFile, logging, replaceByHand, replacing, transfers, writeFile } from './stores.js'
import { FILES, WRITERS } from './writers.js'

export interface Mutant extends Workload {
  mountOptions?: string
}

/** Eight writers with a useless sync. */
function mutantWriters(
  name: string,
  act: (handle: FileHandle, write: () => Promise<unknown>) => Promise<unknown>,
): Mutant {
  return {
    name,
    check: 'places',
    async run(run) {
      const length = 700
      const path = FILES.zeroed(run, (WRITERS * 30 + 1) * length)
      await run.opened(path, 'r+', (handle) =>
        run.together(WRITERS, 30, (number) =>
          run.commit({ number, position: number * length, length }, (bytes) =>
            act(handle, () => handle.write(bytes, 0, length, number * length)),
          ),
        ),
      )
    },
  }
}

const running = new WeakMap<FileHandle, Promise<void>>()

/** The sync in progress, or else a new one: it may have begun before the caller's write. */
function joined(handle: FileHandle): Promise<void> {
  const sync = running.get(handle) ?? handle.datasync().finally(() => running.delete(handle))
  running.set(handle, sync)
  return sync
}

/** Files whose handles sync nothing, once a log has been made. */
function withoutSync({ files }: Run): Files {
  return {
    ...files,
    async open(...args: Parameters<Files['open']>) {
      return Object.assign(await files.open(...args), { datasync: async () => {} })
    },
  }
}

export const MUTANTS: readonly Mutant[] = [
  mutantWriters('mutant: no sync', (_handle, write) => write()),
  mutantWriters('mutant: joins the sync under way', async (handle, write) => {
    await write()
    await joined(handle)
  }),
  mutantWriters('mutant: sync beside the write', (handle, write) => {
    const sync = handle.datasync()
    return Promise.all([sync, setImmediate().then(write)])
  }),
  replacing('mutant: replaced without the directory’s sync', (run, path, content) =>
    replaceByHand(run, path, content, { directory: true }),
  ),
  {
    ...replacing('mutant: replaced without the file’s sync', (run, path, content) =>
      replaceByHand(run, path, content, { file: true }),
    ),
    // By default, ext4 writes the file out before the rename.
    mountOptions: 'noauto_da_alloc',
  },
  writeFile('mutant: writeFile without flush', false),
  appendFile('mutant: appendFile without flush', false),
  logging('mutant: a log without syncs', withoutSync),
  storeWithoutSync,
  tableWithoutSync,
  levelWithoutSync,
  transfers('mutant: SQLite without the directory’s sync', { journal: 'delete', synchronous: 'full' }),
]
