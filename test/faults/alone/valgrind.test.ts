/**
 * Node itself under valgrind's memcheck, with the addon as shipped: the possible outcomes of an
 * operation at each step of its life, and workers that end with it. Runs without a JIT, whose code
 * memcheck would follow very slowly. Reports about Node's own garbage collector, which scans the
 * stack for pointers, are ignored: only reports with a frame of the addon count, or of the fault
 * library, which makes the system calls.
 */
// @alone
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { runProgram, temporaryDirectory } from '../../support/harness.js'
import { backendOf, environment } from '../../lifecycle/programs/held.js'
import type { OperationName, RouteName } from '../../lifecycle/programs/held.js'
import type { Report } from '../../lifecycle/programs/survives.js'
import { makePlan } from '../interposed.js'

t.setTimeout(600_000)

const skip = spawnSync('valgrind', ['--version']).status === 0 ? false : 'valgrind is not installed'
const under = [
  'valgrind',
  '--quiet',
  '--error-limit=no',
  '--num-callers=30',
  '--smc-check=all-non-file',
  '--fair-sched=yes',
]
const nodeArgs = ['--jitless', '--expose-gc', '--no-warnings']

interface Case {
  program: 'survives' | 'worker-ends'
  route: RouteName
  operations: readonly OperationName[]
}

/** One read, one write of several views, and a sync if the route has syncs. */
const few: readonly OperationName[] = ['read', 'writev', 'fdsync']
/** The longest first. */
const cases: readonly Case[] = [
  { program: 'worker-ends', route: 'thread', operations: few.slice(0, 1) },
  { program: 'survives', route: 'thread', operations: few },
]
// Not the direct routes: memcheck runs one thread at a time, so every attempt on the loop seems to
// have waited, and the engine leaves the file system to the pool for longer and longer.
// AddressSanitizer runs them (sanitized.test.ts).

/** memcheck's reports in a process's stderr. */
function reportsIn(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => /^==\d+==/.test(line))
  return lines.join('\n').split(/^==\d+== \n/m)
}

if (skip) {
  t.pass(skip)
  t.comment(`counted: no cases under memcheck: ${skip}`)
} else {
  void t.test('nothing is reported', async (t) => {
    const rest = [...cases]
    const lane = async (): Promise<void> => {
      for (let each; (each = rest.shift()) !== undefined;) {
        const { program, route, operations } = each
        const what = `${program}, ${route}`
        const { env: plan } = makePlan(t)
        const env = { ...plan, ...environment, CAIO_IMPL: backendOf(route), CAIO_TEST_MEMORY_CHECKED: 'yes' }
        const scratch = join(temporaryDirectory(t), 'scratch')
        const file = new URL(`../../lifecycle/programs/${program}.js`, import.meta.url)
        const ending = await runProgram(file, [scratch, route, ...operations], {
          nodeArgs,
          env,
          under,
          timeout: 300_000,
        })
        t.equal(ending.code, 0, what, { stderr: ending.stderr })
        if (ending.code !== 0) continue
        t.same(
          reportsIn(ending.stderr).filter((report) => /caio\.node|faults\.so/.test(report)),
          [],
          `${what}: no report`,
        )
        const { cases, faults } = JSON.parse(ending.stdout) as Report
        t.same(faults, [])
        t.comment(`counted: ${cases} cases of ${what}, under memcheck`)
      }
    }
    await Promise.all([lane(), lane()])
  })
}
