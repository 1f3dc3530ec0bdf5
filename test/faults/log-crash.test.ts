/**
 * A log whose writer is killed at random moments, repeatedly: every acknowledged commit is found.
 * CAIO_TEST_ROUNDS as in crash.
 */
// @thorough
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { LogReader } from 'caio'
import { onEveryBackend, temporaryDirectory } from '../support/harness.js'
import { killedRun } from '../support/killed-run.js'
import { acknowledgements } from './programs/append.js'

/** fewer than of other programs, since each reads the whole log twice */
const rounds = Math.ceil(Number(process.env['CAIO_TEST_ROUNDS'] ?? 32) / 4)
const program = fileURLToPath(new URL('./programs/log.js', import.meta.url))
/** most milliseconds from the first acknowledgement on */
const LIFE = 40

t.setTimeout(900_000)

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  const path = join(temporaryDirectory(t), 'log')
  /** all records ever acknowledged, by position */
  const known = new Map<number, { number: number; length: number }>()
  let [lost, torn] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const { lines, stderr } = await killedRun(program, [path, String(round * 1_000_000)], LIFE, {
      env: { CAIO_IMPL: backend },
    })
    if (stderr || lines.length === 0) t.fail(stderr || 'nothing was acknowledged')
    for (const { number, offset, length } of acknowledgements(`${lines.join('\n')}\n`)) {
      known.set(offset, { number, length })
    }
    const reader = new LogReader(path)
    let found = 0
    for await (const { position, content } of reader) {
      const record = known.get(position)
      if (
        record &&
        content.length === record.length &&
        content.toString('latin1', 0, 20).startsWith(`${record.number} `)
      ) {
        found++
      }
    }
    lost += known.size - found
    if ((reader.end?.torn ?? 0) > 0) torn++
  }
  t.equal(lost, 0, 'no acknowledged commit is missing')
  t.comment(
    `counted: ${backend}: ${rounds} kills, ${known.size} acknowledged commits, ${lost} lost, ${torn} torn tails`,
  )
})
