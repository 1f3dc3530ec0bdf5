/**
 * Other code that replaces parts of `fs`, before caio or after it, observes and gets the same as
 * with Node alone.
 */
// @thorough
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { onEveryBackend, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import { same } from '../support/differential.js'
import type { Order, Subject, Told } from './program.js'
import { all } from './all.js'
import { whyMissing } from '../support/needed-packages.js'

const program = new URL('./program.js', import.meta.url)
// The same path for all, since errors contain it.
const directory = join(temporaryDirectory(t), 'work')
t.jobs = 1

async function run(name: string, order: Order, subject: Subject, backend?: string): Promise<Told> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  const { code, stdout, stderr } = await runProgram(program, [name, order, subject, directory], {
    cwd: packageRoot,
    env: { CAIO_IMPL: backend },
    timeout: 60_000,
  })
  if (code !== 0) throw new Error(`${name}, ${order}: ended with ${String(code)}: ${stderr}`)
  return JSON.parse(stdout) as Told
}

for (const [name, { needs = [] }] of Object.entries(all)) {
  const skip = needs.length > 0 && whyMissing(needs)
  for (const order of ['before', 'after'] as const) {
    await t.test(`${name}, ${order} caio`, { skip }, async (t) => {
      const expected = await run(name, order, 'node')
      onEveryBackend(t, name, async (t, backend) => {
        same(t, await run(name, order, 'caio', backend), expected, 'sees and gets what it would with Node alone')
      })
    })
  }
}
