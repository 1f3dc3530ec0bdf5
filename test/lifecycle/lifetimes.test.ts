/**
 * Every operation on every route, stopped at every step of its life, combined with everything that
 * can happen to what it needs. With CAIO_TEST_THOROUGH, processes end with every operation;
 * otherwise with a few, and workers with all.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { runProgram, temporaryDirectory } from '../support/harness.js'
import type { Ending } from '../support/harness.js'
import { makePlan } from '../faults/interposed.js'
import type { Plan } from '../faults/plan.js'
import { backendOf, endings, environment, operationsOf, rightContent, routes, steps } from './programs/held.js'
import type { OperationName, RouteName } from './programs/held.js'
import type { Report } from './programs/survives.js'

t.setTimeout(900_000)

async function run(
  t: Test,
  name: string,
  args: readonly [route: RouteName, ...rest: string[]],
): Promise<{ ending: Ending; plan: Plan; scratch: string }> {
  const { plan, env } = makePlan(t)
  const scratch = join(temporaryDirectory(t), 'scratch')
  const program = new URL(`./programs/${name}.js`, import.meta.url)
  // For handles, which use the default context.
  const CAIO_IMPL = backendOf(args[0])
  // Node rightly warns of handles that it has to close itself.
  const nodeArgs = ['--expose-gc', '--no-warnings']
  const ending = await runProgram(program, [scratch, ...args], {
    nodeArgs,
    env: { ...env, ...environment, CAIO_IMPL },
    timeout: 120_000,
  })
  return { ending, plan, scratch }
}

const codes = { exit: 7, throws: 1, returns: 0 }
const few: readonly OperationName[] = ['read', 'writev', 'fdsync']

if (process.platform !== 'linux') {
  t.pass('the fault library is for Linux', { skip: true })
} else {
  for (const route of routes) {
    for (const [name, what] of [
      ['survives', 'what a program may do meanwhile'],
      ['worker-ends', 'workers that end'],
    ] as const) {
      void t.test(`${route}: ${what}`, async (t) => {
        const { ending } = await run(t, name, [route])
        t.equal(ending.signal, null, 'neither crashed nor hung')
        t.equal(ending.code, 0, ending.stderr)
        if (ending.code !== 0) return
        const { cases, faults, unpromised = 0 } = JSON.parse(ending.stdout) as Report
        t.same(faults, [])
        t.comment(
          `${route}: ${cases} cases of ${what}, ${faults.length} faults, ${unpromised} with memory that its new owner gave back`,
        )
      })
    }
    void t.test(`${route}: processes that end`, async (t) => {
      const chosen = operationsOf(route).filter((name) => process.env['CAIO_TEST_THOROUGH'] || few.includes(name))
      const cases = chosen.flatMap((operation) =>
        steps.flatMap((step) => endings.map((ending) => ({ operation, step, ending }))),
      )
      let next = 0
      const lane = async (): Promise<void> => {
        for (let each; (each = cases[next++]) !== undefined;) {
          const { operation, step, ending } = each
          const { ending: how, plan, scratch } = await run(t, 'ends', [route, operation, step, ending])
          const outcome = {
            code: how.code,
            signal: how.signal,
            lost: plan.lost,
            stderr: ending === 'throws' ? /thrown in flight/.test(how.stderr) : how.stderr === '',
          }
          t.match(
            outcome,
            { code: codes[ending], signal: null, lost: 0, stderr: true },
            `${operation}, ${step}, ${ending} ${how.stderr}`,
          )
          t.ok(rightContent(scratch, operation, ending === 'returns'), 'and the file is as it must be')
          fs.rmSync(scratch)
        }
      }
      await Promise.all([lane(), lane()])
      t.comment(`${route}: ${cases.length} cases of processes that end`)
    })
  }
}
