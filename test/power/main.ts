/**
 * Power cuts: nothing that was acknowledged as durable may be missing after one.
 *
 *     npm run test:power -- [--cuts N] [--fs ext4|xfs|btrfs] [--subject NAME] [--only PART]
 *
 * `--cuts` over all workloads and subjects, 1,000 by default; `--only` runs the workloads with this
 * in their names. Needs root.
 */
import { parseArgs } from 'node:util'
import { Campaign, LATENCIES } from './campaign.js'
import type { Asked, Outcome } from './campaign.js'
import { FILE_SYSTEMS, whyNoRecorder } from './recorder.js'
import type { FileSystem } from './recorder.js'
import { MUTANTS } from './mutants.js'
import { SUBJECTS } from './run.js'
import type { Subject } from './run.js'
import { workloadsFor } from './workloads.js'
import { allowedOf, requiredBackends } from '../support/harness.js'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '1000' },
    fs: { type: 'string', default: 'ext4' },
    subject: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const cuts = Number(values.cuts)
if (!Object.hasOwn(FILE_SYSTEMS, values.fs)) throw new Error(`--fs: ${Object.keys(FILE_SYSTEMS).join(', ')}`)
if (!(cuts > 0)) throw new Error('--cuts: a number')
const fileSystem = values.fs as FileSystem

/** Cuts per recording. A recording takes as long as some ten cuts. */
const MOST = 40

const backends = allowedOf(requiredBackends)
const subjects = SUBJECTS.filter((subject) => subject === 'node' || backends.includes(subject))
const kinds = subjects
  .filter((subject) => subject === (values.subject ?? subject))
  .flatMap((subject) => workloadsFor(subject).map((workload) => ({ subject, workload })))
  .filter(({ workload }) => workload.name.includes(values.only))
const mutants = MUTANTS.filter(
  ({ name, mountOptions }) => name.includes(values.only) && (!mountOptions || fileSystem === 'ext4'),
)

function* records(): Generator<Asked> {
  let left = cuts
  for (let pass = 0; left > 0 && kinds.length > 0; pass++) {
    const each = Math.min(MOST, Math.max(1, Math.ceil(left / kinds.length)))
    for (const [at, kind] of kinds.entries()) {
      if (left <= 0) return
      const now = Math.min(each, left)
      left -= now
      yield { ...kind, cuts: now, latency: LATENCIES[(at + pass) % LATENCIES.length] ?? 100 }
    }
  }
}

const outcomes: Outcome[] = []
let failed = 0

let done = 0

async function all(campaign: Campaign): Promise<void> {
  for (const workload of mutants) {
    const { losses } = await campaign.try({ workload, subject: 'node', cuts: 60, latency: 2000, isMutant: true })
    console.log(`${losses.length > 0 ? 'ok  ' : 'FAIL'}  ${workload.name}: ${losses[0] ?? 'loses nothing'}`)
    if (losses.length === 0) failed++
  }
  for (const asked of records()) {
    const outcome = await campaign.try(asked)
    outcomes.push(outcome)
    done += outcome.cuts
    if (Math.floor(done / 1000) > Math.floor((done - outcome.cuts) / 1000)) console.log(`      ${totals(outcomes)}`)
    if (outcome.losses.length === 0) continue
    failed++
    console.log(`FAIL  ${outcome.workload} on ${outcome.subject}, flushes of ${asked.latency} us`)
    for (const loss of outcome.losses.slice(0, 10)) console.log(`      ${loss}`)
  }
}

const totals = (some: readonly Outcome[]): string => {
  const sum = (count: (outcome: Outcome) => number): string =>
    some.reduce((total, outcome) => total + count(outcome), 0).toLocaleString('en')
  return (
    `${sum(({ cuts }) => cuts)} cuts, ${sum(({ checks }) => checks)} checks, ` +
    `${sum(({ losses }) => losses.length)} losses`
  )
}

const obstacle = whyNoRecorder(fileSystem)
if (obstacle) {
  console.log(`skipped: ${obstacle}`)
  console.log('0 passed, 0 failed')
} else {
  const start = performance.now()
  const campaign = await Campaign.start(fileSystem)
  /** However this process ends, nothing stays mounted. */
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void campaign.end().finally(() => process.exit(1)))
  }
  try {
    await all(campaign)
  } finally {
    await campaign.end()
  }
  for (const subject of new Set<Subject>(outcomes.map((outcome) => outcome.subject))) {
    console.log(`${subject}: ${totals(outcomes.filter((outcome) => outcome.subject === subject))}`)
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`${outcomes.length + mutants.length - failed} passed, ${failed} failed`)
  console.log(`${fileSystem}: ${totals(outcomes)}, ${seconds} s`)
  process.exitCode = failed > 0 || outcomes.length + mutants.length === 0 ? 1 : 0
}
