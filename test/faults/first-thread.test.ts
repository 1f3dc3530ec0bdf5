/**
 * Operations move to another backend while others of the same batch complete: each settles once,
 * with its own result.
 */
// @thorough
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import type { Report } from './programs/first-thread.js'

const skip = process.platform !== 'linux' && 'the fault library is for Linux'

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  void t.test(`${backend}: the first thread is refused`, { skip }, async (t) => {
    const { env } = makePlan(t)
    const program = new URL('./programs/first-thread.js', import.meta.url)
    const ending = await runProgram(program, [temporaryDirectory(t)], { env: { ...env, CAIO_IMPL: backend } })
    t.equal(ending.code, 0, ending.stderr)
    // The pool itself is proved by its first thread: there, all operations are served.
    const refused = backend === 'thread' ? 0 : 1
    t.same(JSON.parse(ending.stdout) as Report, { settled: 5000, wrong: 0, refused, unserved: 0, errors: [] })
  })
}
