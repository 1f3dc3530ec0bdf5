/**
 * Trees are removed with few descriptors, and several at once with fewer than each would use, as
 * Node removes them.
 */
// @thorough
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'

const program = fileURLToPath(new URL('./programs/few-descriptors.js', import.meta.url))
const skip = process.platform !== 'linux' && 'Linux only'

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  for (const [trees, free] of [
    [1, 2],
    [4, 4],
    [12, 4],
    [12, 20],
  ] as const) {
    t.test(`${backend}: ${trees} trees, ${free} descriptors`, { skip }, async (t) => {
      const command = 'ulimit -n 100; exec "$0" "$@"'
      const args = [temporaryDirectory(t), String(trees), String(free)]
      const under = ['sh', '-c', command]
      const { stdout, stderr } = await runProgram(program, args, { under, env: { CAIO_IMPL: backend } })
      t.equal(stderr, '')
      t.same(JSON.parse(stdout), { errors: [], left: [] })
    })
  }
}
