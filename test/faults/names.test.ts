/**
 * Every system call under the functions on names fails on each path and at each of its uses, as
 * under Node's own: see programs/names.ts.
 */
// @thorough
import t from 'tap'
import type { Test } from 'tap'
import type { BackendName } from 'caio'
import { onEveryLinuxBackend, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import type { NamesReport } from './programs/names.js'

// Thousands of runs: half a minute on an idle machine.
t.setTimeout(900_000)

for (const form of ['promises', 'callbacks']) onEveryLinuxBackend(t, form, (t, backend) => sweep(t, backend, form))

async function sweep(t: Test, backend: BackendName, form: string): Promise<void> {
  // Its pool is that of `linux`, and the rest of it does not involve names.
  if (backend === 'uring') return void t.pass('as linux', { skip: 'as linux' })
  const { env } = makePlan(t)
  const program = new URL('./programs/names.js', import.meta.url)
  const args = [temporaryDirectory(t), form]
  const ending = await runProgram(program, args, { env: { ...env, CAIO_IMPL: backend }, timeout: 280_000 })
  t.equal(ending.signal, null)
  t.equal(ending.code, 0, ending.stderr)
  if (ending.code !== 0) return
  const { faults, injected, ...counts } = JSON.parse(ending.stdout) as NamesReport
  t.same(faults, [])
  t.equal(counts.backend, backend)
  t.ok(counts.reached > counts.states / 2, JSON.stringify(counts))
  t.comment(`counted: ${backend}, ${form}: ${JSON.stringify(counts)}, injected ${JSON.stringify(injected)}`)
}
