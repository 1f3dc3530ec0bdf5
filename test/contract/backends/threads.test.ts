// @thorough
import { join } from 'node:path'
import t from 'tap'
import { runProgram, temporaryDirectory } from '../../support/harness.js'
import { threadCount } from '../../../lib/backends/native.js'

t.test('CAIO_THREADS as a number', async (t) => {
  const settings: [setting: string | undefined, threads: number][] = [
    [undefined, 4],
    ['', 4],
    ['1', 1],
    ['16', 16],
    ['1024', 1024],
    ['1025', 4],
    ['0', 4],
    ['-3', 4],
    ['2.5', 4],
    ['many', 4],
    ['Infinity', 4],
  ]
  for (const [setting, threads] of settings) t.equal(threadCount(setting), threads, `CAIO_THREADS=${setting}`)
})

const skip = process.platform !== 'linux' && 'threads are counted on Linux'

for (const backend of ['linux', 'thread']) {
  for (const [CAIO_THREADS, most] of [
    ['1', 1],
    ['3', 3],
    ['', 4],
  ] as const) {
    t.test(`${backend}: ${most} threads, and without work no more than proves the backend`, { skip }, async (t) => {
      const program = new URL('../programs/threads.js', import.meta.url)
      const scratch = join(temporaryDirectory(t), 'scratch')
      const { code, stdout, stderr } = await runProgram(program, [scratch, backend], { env: { CAIO_THREADS } })
      t.equal(code, 0, stderr)
      const { idle, after } = JSON.parse(stdout) as { idle: number; after: number }
      // The pool is proved by its first thread, which may not have set its name yet.
      t.ok(idle <= (backend === 'thread' ? 1 : 0), `${idle} without work`)
      // On a busy machine an operation may take so long that another thread replaces the first.
      t.ok(after >= most && after <= 4 * most, `${after} for a lot of it`)
    })
  }
}
