/** The process of one trial: takes a Trial as its argument, and prints an Answer. Runs under Node, Bun and Deno. */
import { measure } from './measure.js'
import { residency } from './page-cache.js'
import { peakMemory } from './peak-memory.js'
import { findSubject, runtime } from './subject.js'
import type { Answer, Report } from './task.js'
import { workloads } from './workloads.js'
import type { Trial } from './workloads.js'

async function compete(task: Trial): Promise<Report> {
  const subject = await findSubject(task.subject, task)
  const work = await workloads[task.workload](subject.fs, task)
  const asked = task.cache !== 'any'
  const before = asked ? residency(task.path) : null
  const { operations, milliseconds, cpu, loopDelay, latency, verified } = await measure(
    work,
    task.milliseconds,
    task.latencyMilliseconds,
  )
  return {
    served: subject.served(),
    runtime: runtime(),
    operations,
    milliseconds,
    bytes: work.bytes,
    latency,
    loopDelay,
    cpu: work.sharesCpu ? null : cpu / operations,
    peakMemory: peakMemory(),
    verified,
    residency: asked ? { before, after: residency(task.path) } : null,
    stats: subject.stats(),
  }
}

const task = JSON.parse(process.argv[2] ?? '{}') as Trial
const answer: Answer = await compete(task).then(
  (report) => ({ report }),
  (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
)
process.stdout.write(`${JSON.stringify(answer)}\n`)
