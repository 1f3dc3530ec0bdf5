/** Workloads by name: loops over an fs/promises module. Each checks what it has moved. */
import { readsBesideHashes } from './busy-pool.js'
import { logCommits } from './log-commits.js'
import { calls } from './calls.js'
import { pageMisses } from './pages.js'
import { randomReads, sequentialReads } from './reads.js'
import type { Task } from './task.js'
import { overwriteFiles, readFiles, readTextFiles, readWholeFile } from './whole-files.js'
import type { FsPromises, Work } from './work.js'
import { appends, randomSyncedWrites, randomWrites, syncedAppends } from './writes.js'

export const workloads = {
  randomReads,
  randomWrites,
  randomSyncedWrites,
  syncedAppends,
  logCommits,
  pageMisses,
  readFiles,
  readTextFiles,
  readWholeFile,
  overwriteFiles,
  readsBesideHashes,
  sequentialReads,
  appends,
  ...calls,
} as const satisfies Record<string, (fs: FsPromises, task: Task) => Promise<Work>>

export type WorkloadName = keyof typeof workloads

/** Argument of a trial's process: the workload's name and arguments. */
export interface Trial extends Task {
  workload: WorkloadName
}
