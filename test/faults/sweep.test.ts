/**
 * Every system call under the engines fails at each of its uses in every way it can: see
 * programs/sweep.ts.
 */
// @thorough
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import type { BackendName } from 'caio'
import type { Report } from './programs/sweep.js'

const randomPlans = process.env['CAIO_TEST_PLANS'] ?? '100'
// Thousands of runs: half a minute on an idle machine.
t.setTimeout(900_000)

const seed = process.env['CAIO_TEST_SEED'] ?? String(Date.now() % 1_000_000)

const reapings: Partial<Record<BackendName, string[]>> = {
  linux: ['kernel', 'ring', 'io_getevents'],
  uring: ['kernel', 'ring'],
}

if (process.platform !== 'linux') {
  t.pass('the fault library is for Linux', { skip: true })
} else {
  for (const backend of requiredBackends) {
    for (const reaping of reapings[backend] ?? ['kernel']) {
      void t.test(`${backend}, contexts by ${reaping}`, async (t) => {
        const { plan, env } = makePlan(t)
        const program = new URL('./programs/sweep.js', import.meta.url)
        const args = [temporaryDirectory(t), reaping, randomPlans, seed]
        const ending = await runProgram(program, args, { env: { ...env, CAIO_IMPL: backend }, timeout: 240_000 })
        t.equal(ending.signal, null)
        t.equal(ending.code, 0, ending.stderr)
        if (ending.code !== 0) return
        const { faults, injected, ...counts } = JSON.parse(ending.stdout) as Report
        t.same(faults, [], `seed ${seed}`)
        t.equal(counts.backend, backend)
        t.ok(counts.reached > counts.states / 2, JSON.stringify(counts))
        t.equal(plan.lost, 0, 'no memory was used after it had been given back')
        t.comment(`${backend}, ${reaping}: ${JSON.stringify(counts)}, injected ${JSON.stringify(injected)}`)
      })
    }
  }
}
