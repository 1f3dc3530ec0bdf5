/**
 * Removes a large tree on an overlay over another file system while the kernel is short of memory:
 * overlayfs makes up new inode numbers for directories that it has forgotten.
 */
// @alone
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  overlaidDirectory,
  requiredBackends,
  runProgram,
  temporaryDirectory,
  whyNoMount,
} from '../../support/harness.js'

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  void t.test(backend, { skip: whyNoMount() ?? false, timeout: 120_000 }, async (t) => {
    const lower = temporaryDirectory(t)
    for (let directory = 0; directory < 60; directory++) {
      const path = join(lower, 'tree/of/directories', String(directory))
      fs.mkdirSync(path, { recursive: true })
      for (let file = 0; file < 200; file++) fs.writeFileSync(join(path, String(file)), '')
    }
    const root = join(overlaidDirectory(t, lower, '64m'), 'tree')
    const program = new URL('../programs/rm.js', import.meta.url)
    const ending = await runProgram(program, [root], { env: { CAIO_IMPL: backend }, timeout: 100_000 })
    t.match(ending, { code: 0, stdout: 'true removed\n', stderr: '' })
    t.notOk(fs.existsSync(root))
  })
}
