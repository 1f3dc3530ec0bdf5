/**
 * A store on PageFile whose writer is killed at random moments, repeatedly: every commit is found,
 * whole. CAIO_TEST_ROUNDS as in crash.
 */
// @thorough
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryDirectory } from '../support/harness.js'
import { killedRun } from '../support/killed-run.js'
import { SLOTS, Table } from '../support/recipe-table.js'

const rounds = Math.ceil(Number(process.env['CAIO_TEST_ROUNDS'] ?? 32) / 4)
const program = fileURLToPath(new URL('./programs/pages.js', import.meta.url))
/** most milliseconds from the first acknowledgement on */
const LIFE = 150

t.setTimeout(900_000)

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  const path = join(temporaryDirectory(t), 'pages')
  const context = makeContext(t, backend)
  const known: number[] = Array.from({ length: SLOTS }, () => 0)
  let [lost, damaged, commits] = [0, 0, 0]
  for (let round = 0; round < rounds; round++) {
    const { lines, stderr } = await killedRun(program, [path], LIFE, { env: { CAIO_IMPL: backend } })
    if (stderr || lines.length === 0) t.fail(stderr || 'nothing was acknowledged')
    commits += lines.length
    for (const change of lines.flatMap((line) => line.split(';'))) {
      const [slot = 0, version = 0] = change.split(' ').map(Number)
      known[slot] = version
    }
    const table = await Table.open(path, { context })
    for (const [slot, version] of known.entries()) {
      const text = await table.get(slot)
      const found = Number(text?.split(' ')[1] ?? 0)
      if (text !== undefined && text !== `${slot} ${found} `.padEnd(20 + (slot % 3000), 'x')) damaged++
      if (found < version) lost++
      // An unacknowledged commit may be there.
      known[slot] = found
    }
    t.ok(table.file.pages <= 3 * SLOTS, `${table.file.pages} pages: what a crash has lost sight of is used again`)
    await table.close()
  }
  t.same([lost, damaged], [0, 0], 'no acknowledged commit is missing')
  t.comment(`counted: ${backend}: ${rounds} kills, ${commits} commits, ${lost} lost`)
})
