/**
 * An application in one file, including caio: with the addon if the package is installed beside it,
 * else with `pure` and a warning.
 */
// @thorough
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'

const esbuild = join(packageRoot, 'node_modules/.bin/esbuild')
const application = `
  import nodeFs from 'node:fs'
  import fs from 'caio/fs'
  import { defaultContext, patch } from 'caio'
  patch()
  async function main() {
    const text = await nodeFs.promises.readFile(process.argv[1], 'utf8')
    const handle = await fs.open(process.argv[1])
    const { bytesRead } = await handle.read(Buffer.alloc(10), 0, 10, 0)
    await handle.close()
    console.log(text.length > 0, bytesRead, defaultContext().backend)
  }
  main()`

const formats = [
  { format: 'cjs', file: 'bundle.cjs' },
  {
    format: 'esm',
    file: 'bundle.mjs',
    banner: "import { createRequire } from 'module'; const require = createRequire(import.meta.url);",
  },
]

for (const { format, file, banner } of formats) {
  for (const where of ['beside the package', 'alone'] as const) {
    await t.test(`${format}, ${where}`, async (t) => {
      const directory = temporaryDirectory(t)
      const installed = join(directory, 'node_modules')
      mkdirSync(installed)
      symlinkSync(packageRoot, join(installed, 'caio'))
      writeFileSync(join(directory, 'application.mjs'), application)
      const target = where === 'alone' ? temporaryDirectory(t) : directory
      const bundle = join(target, file)
      const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${bundle}`, '--log-level=error']
      const built = execFileSync(
        esbuild,
        ['application.mjs', ...options, ...(banner ? [`--banner:js=${banner}`] : [])],
        {
          cwd: directory,
          encoding: 'utf8',
        },
      )
      t.equal(built, '', 'is built without a complaint')
      const { code, stdout, stderr } = await runProgram(bundle, [], { env: { CAIO_IMPL: undefined }, cwd: target })
      t.equal(code, 0, stderr)
      if (where === 'alone') {
        t.equal(stdout, 'true 10 pure\n')
        t.match(stderr, /CAIO_BACKEND_UNAVAILABLE.*install caio beside the bundle/, 'says what to do')
        t.equal(stderr.match(/CAIO_BACKEND_UNAVAILABLE/g)?.length, 1, 'once')
      } else {
        t.equal(stdout, `true 10 ${requiredBackends[0]}\n`)
        t.equal(stderr, '')
      }
    })
  }
}
