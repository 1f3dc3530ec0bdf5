/**
 * Mixed load at depth 256 on several files for a long time, with every byte verified; memory,
 * descriptors and threads must stay constant. `npm run test:soak -- [MINUTES] [BACKEND …]`: 30
 * minutes over all backends, or CAIO_SOAK_MINUTES.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { requiredBackends } from '../support/harness.js'

const args = process.argv.slice(2)
const minutes = Number(args.find((arg) => /^[\d.]+$/.test(arg)) ?? process.env['CAIO_SOAK_MINUTES'] ?? 30)
const backends = requiredBackends.filter((name) => args.includes(name))
const chosen = backends.length > 0 ? backends : requiredBackends
const load = fileURLToPath(new URL('load.js', import.meta.url))

/** One process per backend, so that leaks of one do not affect another. */
function run(backend: string, seconds: number): Promise<number | null> {
  const env = { ...process.env, CAIO_TEST_SUBJECT: backend }
  const child = spawn(process.execPath, ['--enable-source-maps', load, String(seconds)], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // Twice the time counts as a hang.
  const timer = setTimeout(() => child.kill('SIGKILL'), (2 * seconds + 60) * 1000)
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(code)
    }),
  )
}

let passed = 0
for (const backend of chosen) if ((await run(backend, (minutes * 60) / chosen.length)) === 0) passed++
console.log(`${passed} passed, ${chosen.length - passed} failed`)
process.exitCode = passed === chosen.length ? 0 : 1
