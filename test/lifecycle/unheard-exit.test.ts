/**
 * A process ends without its `exit` listeners being called: operations requested before are done,
 * as in Node.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { onEveryBackend, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'

const COUNT = 100
const endings = {
  'without listeners': "process.removeAllListeners('exit'); process.exit(0)",
  'at once': 'process.reallyExit(0)',
}

for (const [name, end] of Object.entries(endings)) {
  onEveryBackend(t, name, async (t, backend) => {
    const directory = temporaryDirectory(t)
    const program = `
      import fs from 'caio/fs'
      const handles = []
      for (let at = 0; at < ${COUNT}; at++) handles.push(await fs.open(process.argv[1] + '/' + at, 'w'))
      for (const handle of handles) void handle.write(Buffer.alloc(1000), 0, 1000, 0)
      ${end}`
    const { code, stderr } = await runProgram('--', [directory], {
      cwd: packageRoot,
      nodeArgs: ['--input-type=module', '-e', program],
      env: { CAIO_IMPL: backend },
    })
    t.equal(code, 0, stderr)
    const written = fs.readdirSync(directory).filter((file) => fs.statSync(join(directory, file)).size === 1000)
    t.equal(written.length, COUNT)
  })
}
