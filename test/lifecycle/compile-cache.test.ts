/** Node's compile cache (NODE_COMPILE_CACHE) keeps what V8 has compiled of the package, too. */
import nodeModule from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, startNode, temporaryDirectory } from '../support/harness.js'

const skip = 'enableCompileCache' in nodeModule ? false : 'Node has a compile cache since 22.1'

await t.test('it is taken from there at the second start', { skip }, async (t) => {
  const env = {
    NODE_COMPILE_CACHE: temporaryDirectory(t),
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
    CAIO_LOAD_AFTER: '0',
  }
  const use = 'const fs = require("fs"); fs.promises.stat("/").then(() => fs.stat("/", () => {}))'
  const start = (): ReturnType<typeof startNode> =>
    startNode(['--require', 'caio/register/callbacks', '-e', use], { cwd: packageRoot, env })
  const isTaken = (stderr: string, file: string): boolean =>
    // Node 22 does not say which kind of cache it is.
    stderr
      .split('\n')
      .some(
        (line) =>
          line.endsWith(` was accepted, keeping the in-memory entry`) && line.includes(join(packageRoot, 'dist', file)),
      )
  const first = await start().ended
  const second = await start().ended
  for (const { code, stderr } of [first, second]) t.equal(code, 0, stderr)
  for (const file of ['register-callbacks.cjs', 'preload.cjs', 'caio.cjs', 'callbacks.cjs']) {
    t.notOk(isTaken(first.stderr, file), `${file} is compiled at first`)
    t.ok(isTaken(second.stderr, file), `${file} is taken`)
  }
})
