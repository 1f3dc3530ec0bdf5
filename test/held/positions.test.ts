/**
 * Files without positions, as on some FUSE file systems, and files without a size, as the kernel's
 * relay files: a large one is read as Node reads it.
 */
// @held
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { Helper, whyNoFuse } from './helper.js'
import { makePoint } from './situations.js'

const SIZES = [3000, 500_000, 3_000_000]

await t.test('files without positions', { skip: whyNoFuse() ?? false }, async (t) => {
  const helper = new Helper('held_fs', temporaryDirectory(t))
  t.teardown(() => helper.end())
  const point = makePoint(helper)
  await helper.tell(`mount ${point}`)
  for (const size of SIZES) fs.writeFileSync(join(point, `file${size}`), Buffer.alloc(size, String(size)))
  const program = `
    import fs from 'caio/fs'
    import { readFileSync } from 'node:fs'
    const paths = process.argv.filter((path) => path.includes('file'))
    for (const path of paths) {
      const [content, text] = [await fs.readFile(path), await fs.readFile(path, 'latin1')]
      console.log(content.equals(readFileSync(path)), text.length)
    }`
  const settings = { 'positions 0': ['positions 0'], 'positions 0, sizes 0': ['positions 0', 'direct 1', 'sizes 0'] }
  for (const [name, commands] of Object.entries(settings)) {
    for (const command of commands) await helper.tell(command)
    for (const backend of requiredBackends) {
      await t.test(`${name}: ${backend}`, async (t) => {
        const args = SIZES.map((size) => join(point, `file${size}`))
        const { code, stdout, stderr } = await runProgram('--', args, {
          cwd: packageRoot,
          nodeArgs: ['--input-type=module', '-e', program],
          env: { CAIO_IMPL: backend },
        })
        t.equal(code, 0, stderr)
        t.equal(stdout, SIZES.map((size) => `true ${size}\n`).join(''))
      })
    }
  }
})
