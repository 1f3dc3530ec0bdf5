/** NODE_DEBUG=caio logs internal decisions to standard error; without it nothing is logged. */
import { join } from 'node:path'
import t from 'tap'
import { packageCopy, packageRoot, requiredBackends, runProgram, temporaryDirectory } from '../../support/harness.js'
import type { Ending } from '../../support/harness.js'

const program = 'dist/test/contract/programs/debug.js'

async function run(directory: string, scratch: string, env: NodeJS.ProcessEnv): Promise<Ending> {
  const ending = await runProgram(join(directory, program), [scratch], { env: { CAIO_IMPL: '', ...env } })
  t.equal(ending.code, 0, ending.stderr)
  t.equal(ending.stdout, 'done\n')
  return ending
}

for (const backend of requiredBackends) {
  t.test(backend, async (t) => {
    const file = join(temporaryDirectory(t), 'file')
    const { stderr } = await run(packageRoot, file, { NODE_DEBUG: 'caio', CAIO_IMPL: backend })
    const lines = stderr.split('\n').filter((line) => line.startsWith('CAIO '))
    const expected = [
      /patch: open, readFile, .* are replaced/,
      ...(backend === 'pure' ? [] : [/addon: .*\.node$/, /environment: started, 4 threads at most/]),
      new RegExp(`backend ${backend}: works`),
      new RegExp(`context on ${backend}: CAIO_IMPL names it`),
      /patch: undone/,
      new RegExp(`environment: ends: .*"backend":"${backend}","completed":[1-9]`),
    ]
    t.equal(lines.length, expected.length, stderr)
    for (const [at, pattern] of expected.entries()) t.match(lines[at], pattern)
    t.equal((await run(packageRoot, file, { NODE_DEBUG: 'fs', CAIO_IMPL: backend })).stderr, '', 'not asked for')
  })
}

t.test('why not the first choice', async (t) => {
  const directory = packageCopy(t, program, 'none')
  const { stderr } = await run(directory, join(directory, 'file'), { NODE_DEBUG: 'caio', CAIO_IMPL: 'linux' })
  t.match(stderr, /^CAIO \d+: backend linux: No native build was found for .+$/m)
  t.match(stderr, /^CAIO \d+: warning: CAIO_IMPL names "linux", which does not work here: /m)
  t.match(stderr, /^CAIO \d+: context on pure: pure is the first that works: /m)
})
