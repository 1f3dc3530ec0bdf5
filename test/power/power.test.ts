/**
 * Nothing that was acknowledged as durable is missing after a power cut: a few workloads per
 * subject, others in each run, and a thousand cuts. `npm run test:power` runs all of them.
 */
// @thorough
import t from 'tap'
import { allowedOf, requiredBackends } from '../support/harness.js'
import { Campaign, LATENCIES } from './campaign.js'
import { whyNoRecorder } from './recorder.js'
import type { FileSystem } from './recorder.js'
import { MUTANTS } from './mutants.js'
import { SUBJECTS } from './run.js'
import { fewFor } from './workloads.js'

t.setTimeout(600_000)

const backends = allowedOf(requiredBackends)
const subjects = SUBJECTS.filter((subject) => subject === 'node' || backends.includes(subject))
const turn = Math.floor(Math.random() * 100)

/** `few`: one of so many workloads is chosen for each subject. `each`: cuts per workload. */
function powerCuts(fileSystem: FileSystem, few: number, each: number, withMutants: boolean): void {
  void t.test(fileSystem, { skip: whyNoRecorder(fileSystem) ?? false }, async (t) => {
    const campaign = await Campaign.start(fileSystem)
    t.teardown(() => campaign.end())
    let [cuts, checks] = [0, 0]
    for (const subject of subjects) {
      for (const [at, workload] of fewFor(subject, few, turn).entries()) {
        const latency = LATENCIES[at % LATENCIES.length] ?? 100
        const outcome = await campaign.try({ workload, subject, cuts: each, latency })
        t.same(outcome.losses, [], `${workload.name} on ${subject}, flushes of ${latency} us`)
        cuts += outcome.cuts
        checks += outcome.checks
      }
    }
    t.comment(`counted: ${fileSystem}: ${cuts} cuts, ${checks} checks`)
    if (!withMutants) return
    for (const workload of MUTANTS) {
      const { losses } = await campaign.try({ workload, subject: 'node', cuts: 60, latency: 2000, isMutant: true })
      t.not(losses.length, 0, `${workload.name}: loses`)
    }
  })
}

powerCuts('ext4', 5, 40, true)
powerCuts('xfs', 13, 31, false)
