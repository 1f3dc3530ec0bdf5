/**
 * A server does not answer, and operations on it occupy all threads: other files are served,
 * completions are reported, and operations that have not begun can be taken back.
 */
// @held
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { compileHelper, whyNoFuse } from './helper.js'

t.setTimeout(600_000)

/** In parallel: each takes half a second if all is well. */
const PROCESSES = 4
/** milliseconds for one: if the event loop itself is blocked, nothing else ends it */
const TIMEOUT = 15_000

// On pure they are Node's threads.
const backends = requiredBackends.filter((each) => each !== 'pure')
const kinds = ['writeFile', 'readFile', 'write', 'read', 'durable', 'sync']
const trials = [
  ...kinds.flatMap((kind) => [4, 8, 64].map((count) => ({ name: 'elsewhere', kind, count }))),
  ...[4, 8].map((count) => ({ name: 'elsewhere', kind: 'copyFile', count })),
  { name: 'elsewhere', kind: 'rm', count: 30 },
  ...kinds.flatMap((kind) => [1, 4].map((count) => ({ name: 'amid', kind, count }))),
  ...['read', 'readOne', 'write'].flatMap((kind) => [8, 64].map((count) => ({ name: 'cancelled', kind, count }))),
  { name: 'failed', kind: 'durable', count: 2 },
].flatMap((trial) => backends.map((backend) => ({ ...trial, backend })))

await t.test('operations that are held', { skip: whyNoFuse() ?? false, timeout: 600_000 }, async (t) => {
  const programs = temporaryDirectory(t)
  compileHelper('held_fs', programs)
  let next = 0
  const lane = async (): Promise<void> => {
    for (let trial; (trial = trials[next++]);) {
      const { name, kind, count, backend } = trial
      const env = { CAIO_IMPL: backend, CAIO_THREADS: '4' }
      const program = new URL('./stuck.js', import.meta.url)
      const { code, signal, stdout, stderr } = await runProgram(program, [name, kind, String(count), programs], {
        env,
        timeout: TIMEOUT,
      })
      const problem = code === 0 ? '' : signal ? 'the event loop is held' : stderr.trim()
      t.equal(problem, '', `${name}, ${count} x ${kind}, ${backend}${stdout && `: ${stdout.trim()}`}`)
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, lane))
})
