/** Operations requested before the end of the process, or of a worker, are done, at least as in Node. */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { onEveryBackend, runProgram, temporaryDirectory } from '../support/harness.js'

// As in programs/completed.ts, which cannot be imported without running it.
const WRITES = 600
const BYTES = 3000

t.setTimeout(240_000)

function isBlock(bytes: Buffer, index: number): boolean {
  return bytes.equals(Buffer.alloc(BYTES, 1 + (index % 255)))
}

/** Number of writes that are in the files, whole. */
function completed(directory: string, means: string): number {
  const file = fs.readFileSync(join(directory, 'file'))
  let count = 0
  for (let index = 0; index < WRITES; index++) {
    const own = join(directory, String(index))
    const bytes =
      means !== 'writeFile'
        ? file.subarray(index * BYTES, (index + 1) * BYTES)
        : fs.existsSync(own)
          ? fs.readFileSync(own)
          : Buffer.alloc(0)
    if (isBlock(bytes, index)) count++
  }
  return count
}

async function end(t: Test, backend: string, means: string, ending: string, where: string): Promise<string> {
  const directory = temporaryDirectory(t)
  const program = new URL('./programs/completed.js', import.meta.url)
  const { signal, stderr } = await runProgram(program, [directory, means, ending, where], {
    env: { CAIO_IMPL: backend },
  })
  t.equal(signal, null, stderr)
  return directory
}

for (const means of ['context', 'first context', 'handle', 'writeFile', 'callbacks']) {
  onEveryBackend(t, `writes by ${means}, and the end of the process`, async (t, backend) => {
    for (const ending of ['exit', 'exception', 'rejection', 'exit handler']) {
      const directory = await end(t, backend, means, ending, 'process')
      // On `pure`, writeFile is Node's own, which has only opened the files by then.
      if (backend !== 'pure' || means !== 'writeFile') t.equal(completed(directory, means), WRITES, ending)
    }
  })
}

onEveryBackend(t, 'a worker that exits', async (t, backend) => {
  for (const means of ['handle', 'first context', 'writeFile']) {
    const directory = await end(t, backend, means, 'exit', 'worker')
    // A worker drops the calls that Node's pool has not begun; those begun are whole.
    if (backend !== 'pure') t.equal(completed(directory, means), WRITES, means)
  }
})

onEveryBackend(t, 'writes of one place keep their order', async (t, backend) => {
  const directory = await end(t, backend, 'one place', 'exit', 'process')
  const bytes = fs.readFileSync(join(directory, 'file'))
  // Node's own pool has several threads for them.
  t.ok(backend === 'pure' ? bytes.length === BYTES : isBlock(bytes, WRITES - 1), 'the last one is the last')
})
