/** The other side of contract/transfer.test.ts: takes handles, uses them, and gives them back. */
import { parentPort, workerData } from 'node:worker_threads'
import { inspect } from 'node:util'
import type { Loose } from '../support/subject.js'
import { use } from './travel.js'
import type { Report, WorkerData } from './travel.js'

const { acquaintance, path } = workerData as WorkerData
let reads: () => number | undefined = () => undefined
if (acquaintance !== 'none') {
  const { fs, engineStats } = await import('../support/subject.js')
  reads = () => engineStats?.().operations.read
  if (acquaintance === 'used') await (await fs.open(path)).close()
}

parentPort?.on('message', async (handle: Loose) => {
  const before = reads()
  const outcomes = await use(handle)
  const after = reads()
  const looks = inspect(handle, { depth: 0 }).replace(/\[Symbol\(kFd\)\]: \d+/, 'fd')
  const report: Report = { outcomes, looks, reads: after === undefined ? undefined : after - (before ?? 0), handle }
  parentPort?.postMessage(report, [handle as never])
})
parentPort?.postMessage('ready')
