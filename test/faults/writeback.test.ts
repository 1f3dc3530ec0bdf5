/**
 * A writeback that the engine starts early may fail early: the next sync of that file reports it,
 * and no other.
 */
// @thorough
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import type { Report } from './programs/writeback.js'

if (process.platform !== 'linux') {
  t.pass('the fault library is for Linux', { skip: true })
} else {
  for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
    void t.test(backend, async (t) => {
      const { env } = makePlan(t)
      const program = new URL('./programs/writeback.js', import.meta.url)
      const ending = await runProgram(program, [temporaryDirectory(t)], { env: { ...env, CAIO_IMPL: backend } })
      t.equal(ending.code, 0, ending.stderr)
      const { afterFailure, ofAnotherFile, unknownCall, uses, usesBehindLarge, usesBehindLone } = JSON.parse(
        ending.stdout,
      ) as Report
      t.ok(uses > 0, 'the writeback was started early')
      t.ok(usesBehindLarge > 0, 'behind a large write, too')
      t.equal(usesBehindLone, 0, 'but not behind a small one alone')
      t.same(afterFailure, ['EIO', '', ''], 'told once, to the next sync')
      t.same(ofAnotherFile, [''], 'not told to another file under the same number')
      t.same(unknownCall, ['', '', ''], 'a system that does not know the call is none the worse')
    })
  }
}
