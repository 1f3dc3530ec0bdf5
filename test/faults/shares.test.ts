/**
 * `copyFile` on file systems that refuse calls which libuv does not need: as Node's own there, and
 * the old file is not lost.
 */
// @thorough
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { onEveryBackend, runProgram, temporaryDirectory } from '../support/harness.js'
import { compileLibrary } from '../support/compile-library.js'

const skip = process.platform !== 'linux' && 'the library is for Linux'

void t.test('shares', { skip }, async (t) => {
  const library = join(temporaryDirectory(t), 'shares.so')
  // The source is in test/faults, not in dist/.
  compileLibrary(library, fileURLToPath(new URL('../../../test/faults/shares.c', import.meta.url)))
  const program = new URL('./programs/shares.js', import.meta.url)
  async function outcomes(whose: string, backend?: string): Promise<unknown[]> {
    const LD_PRELOAD = [process.env['LD_PRELOAD'], library].filter(Boolean).join(':')
    const env = { LD_PRELOAD, CAIO_IMPL: backend }
    const { code, stdout, stderr } = await runProgram(program, [temporaryDirectory(t), whose], { env })
    t.equal(code, 0, stderr)
    return JSON.parse(stdout) as unknown[]
  }
  const expected = await outcomes('node')
  t.match(expected[3], ['cifs', 0, 0o444, null, 'copied'])
  onEveryBackend(t, 'as with Node', async (t, backend) => {
    t.same(await outcomes('caio', backend), expected)
  })
})
