/** Runs programs/workers and checks what holds whatever the workers do. */
import type { Test } from 'tap'
import { runToEnd } from './child.js'
import type { Report } from './programs/workers.js'

const nothing = { rings: 0, descriptors: 0, threads: 0 }

interface Workers {
  total?: number
  atOnce?: number
  nodeArgs?: string[]
}

export async function workers(
  t: Test,
  backend: string,
  task: string,
  { total = 1, atOnce = total, nodeArgs = [] }: Workers = {},
) {
  const args = [backend, task, String(total), String(atOnce)]
  const { stdout, scratch } = await runToEnd(t, 'workers', args, { nodeArgs, timeout: 60_000 })
  const report = JSON.parse(stdout) as Report
  t.equal(report.exitCodes.length, total, 'every worker ended')
  t.same(report.left, nothing, 'and left nothing behind')
  return { ...report, scratch }
}
