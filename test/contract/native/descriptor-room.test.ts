/**
 * The table of descriptors grows on a pool thread, once, to the size that most processes need. If
 * it grows during an open, the kernel waits for all processors, and the event loop with it.
 */
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { onEveryLinuxBackend, runProgram } from '../../support/harness.js'

const program = new URL('../programs/descriptor-room.js', import.meta.url)

onEveryLinuxBackend(t, 'room for descriptors', async (t, backend) => {
  const opens = backend === 'linux' || backend === 'uring'
  if (!opens) return void t.pass('opens nothing on the event loop', { skip: 'opens nothing on the event loop' })
  const { code, stdout, stderr } = await runProgram(program, [fileURLToPath(program)], {
    env: { CAIO_IMPL: backend },
  })
  t.equal(code, 0, stderr)
  const [before, after] = JSON.parse(stdout) as [number, number]
  t.ok(before < 1024, `${before} at first`)
  t.ok(after >= 1024, `${after} then`)
})
