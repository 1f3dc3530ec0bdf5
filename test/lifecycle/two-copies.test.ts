// @thorough
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { onEveryBackend, packageCopy, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'

const program = 'dist/test/lifecycle/programs/two-copies.js'

// Linked: the operating system loads one addon for both. Copied: one for each.
for (const addon of ['linked', 'copied'] as const) {
  onEveryBackend(t, `two copies of the package, with the addon ${addon}`, async (t, backend) => {
    const copy = packageCopy(t, program, addon)
    const entry = pathToFileURL(join(copy, 'dist/lib/index.js')).href
    const scratch = join(temporaryDirectory(t), 'scratch')
    const { code, signal, stdout, stderr } = await runProgram(join(packageRoot, program), [scratch, backend, entry], {
      timeout: 15_000,
    })
    t.equal(signal, null, 'neither crashed nor hung')
    t.equal(code, 0, stderr)
    t.equal(stdout, 'true\n')
  })
}
