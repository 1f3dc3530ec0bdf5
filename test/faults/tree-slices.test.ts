/**
 * A later slice of a copy continues where the one before stopped, without reading a directory
 * again, which could fail.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { onEveryLinuxBackend, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'

/** More than one slice copies; reading their names takes almost no time. */
const FILES = 24
const BYTES = 8 << 20

onEveryLinuxBackend(t, 'a copy in slices', async (t, backend) => {
  if (backend === 'pure') return void t.pass("Node's own has none", { skip: "Node's own has none" })
  const { plan, env } = makePlan(t)
  const directory = temporaryDirectory(t)
  const full = join(directory, 'tree/full')
  fs.mkdirSync(full, { recursive: true, mode: 0o750 })
  for (let at = 0; at < FILES; at++) {
    fs.writeFileSync(join(full, `file-${at}`), '')
    fs.truncateSync(join(full, `file-${at}`), BYTES)
  }
  plan.root = directory
  plan.place = full
  // The first pass reads all names, `.` and `..`, and the end.
  plan.arm([{ call: 'readdir', first: FILES + 8, action: 'fail', argument: 'EIO' }])
  const program = new URL('./programs/tree.js', import.meta.url)
  const { code, stdout, stderr } = await runProgram(program, ['caio', 'cp', directory], {
    env: { ...env, CAIO_IMPL: backend },
  })
  t.equal(code, 0, stderr)
  t.notOk(plan.injected.readdir, 'there was no second reading')
  plan.disarm()
  const [ending] = JSON.parse(stdout) as [string]
  const copied = join(directory, 'copy/full')
  t.equal(ending, 'fulfilled')
  const sizes = fs.readdirSync(copied).map((name) => fs.statSync(join(copied, name)).size)
  t.strictSame(sizes, new Array<number>(FILES).fill(BYTES))
  t.equal(fs.statSync(copied).mode & 0o777, 0o750)
})
