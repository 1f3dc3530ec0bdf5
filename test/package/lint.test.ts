/** `npm run lint` finds nothing. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { packageRoot } from '../support/harness.js'

void t.test('npm run lint', async (t) => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'lint'], {
    cwd: packageRoot,
    encoding: 'utf8',
  })
  for (const [, tool = '', reason = ''] of stdout.matchAll(/^(\S+): skipped, (.*)$/gm)) t.pass(tool, { skip: reason })
  t.equal(status, 0, 'its exit code', { output: stdout + stderr })
})
