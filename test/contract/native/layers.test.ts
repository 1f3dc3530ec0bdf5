/** A large file of a container's image is overwritten without copying it, for which there may be no room. */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import {
  overlaidDirectory,
  requiredBackends,
  runProgram,
  temporaryDirectory,
  whyNoMount,
} from '../../support/harness.js'

const LOWER = 16_000_000
/** Less than the size of the lower file. */
const UPPER = '4m'

/** An overlay over a directory with a large file, with little room in the upper layer. */
function makeOverlay(t: Test): string {
  const lower = temporaryDirectory(t)
  fs.writeFileSync(join(lower, 'file'), Buffer.alloc(LOWER, 'x'))
  return join(overlaidDirectory(t, lower, UPPER), 'file')
}

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  void t.test(backend, { skip: whyNoMount() ?? false }, async (t) => {
    const path = makeOverlay(t)
    const program = new URL('../programs/write-whole.js', import.meta.url)
    const { stdout, stderr } = await runProgram(program, [path, 'new content'], {
      env: { CAIO_IMPL: backend, CAIO_HAND_OFF: '0' },
    })
    t.equal(stderr, '')
    t.same(JSON.parse(stdout), { pool: 1 }, 'by the engine, and not by Node')
    t.equal(fs.readFileSync(path, 'utf8'), 'new content')
  })
}
