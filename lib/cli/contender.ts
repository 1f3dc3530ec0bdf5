/** A process of its own for one contender and one workload: reads a Task from its parent, answers with a Report. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { workloads } from './workloads.js'
import type { FsPromises, Outcome, Task } from './workloads.js'

export interface Report extends Outcome {
  /** the backend that served, or `node` */
  served: string
  /** event-loop delay, 99th percentile, milliseconds over the timer's own resolution */
  loopDelay: number
  /** user and system time, microseconds an operation */
  cpu: number
}

export type Answer = { report: Report } | { error: string }

const RESOLUTION = 1

async function subject(name: string): Promise<{ fs: FsPromises; served: () => string }> {
  if (name === 'node') return { fs: await import('node:fs/promises'), served: () => 'node' }
  process.env['CAIO_IMPL'] = name
  const { default: fs } = await import('caio/fs')
  const { defaultContext } = await import('caio')
  return { fs, served: () => defaultContext().backend }
}

async function compete(name: string, task: Task): Promise<Report> {
  const { fs, served } = await subject(name)
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  const before = process.cpuUsage()
  const outcome = await workloads[task.workload].run(fs, task)
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  const loopDelay = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION)
  return { ...outcome, served: served(), loopDelay, cpu: (user + system) / outcome.operations }
}

process.once('message', (task: Task) => {
  const name = process.argv[2] ?? 'node'
  compete(name, task)
    .then((report): Answer => ({ report }))
    .catch((error: unknown): Answer => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
    .then((answer) => process.send?.(answer, () => process.disconnect()))
})
