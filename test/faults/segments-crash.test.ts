/**
 * A log in segments whose writer is killed at random moments, while it rotates and drops: every
 * acknowledged commit is found.
 */
// @thorough
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SegmentedLog } from 'caio'
import { onEveryBackend, temporaryDirectory } from '../support/harness.js'
import { killedRun } from '../support/killed-run.js'
import { acknowledgements } from './programs/append.js'

const rounds = Math.ceil(Number(process.env['CAIO_TEST_ROUNDS'] ?? 32) / 4)
const program = fileURLToPath(new URL('./programs/segments.js', import.meta.url))
/** most milliseconds from the first acknowledgement on */
const LIFE = 200

t.setTimeout(900_000)

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  const directory = join(temporaryDirectory(t), 'log')
  mkdirSync(directory)
  /** all records ever acknowledged, by position */
  const known = new Map<number, { number: number; length: number }>()
  let [lost, dropped, kept] = [0, 0, 0]
  for (let round = 0; round < rounds; round++) {
    const { lines, stderr } = await killedRun(program, [directory, String(round * 1_000_000)], LIFE, {
      env: { CAIO_IMPL: backend },
    })
    if (stderr || lines.length === 0) t.fail(stderr || 'nothing was acknowledged')
    for (const { number, offset, length } of acknowledgements(`${lines.join('\n')}\n`)) {
      if (number === 0) dropped = Math.max(dropped, offset)
      else known.set(offset, { number, length })
    }
    const found = new Map<number, string>()
    const log = await SegmentedLog.open(directory, {
      lock: true,
      onRecord: ({ position, content }) =>
        void found.set(position, `${content.length} ${content.toString('latin1', 0, 20)}`),
    })
    await log.close()
    kept = 0
    for (const [position, { number, length }] of known) {
      if (position < dropped) continue
      kept++
      if (!found.get(position)?.startsWith(`${length} ${number} `)) lost++
    }
  }
  t.equal(lost, 0, 'no acknowledged commit is missing')
  t.ok(dropped > 0, 'and some were dropped')
  t.comment(
    `counted: ${backend}: ${rounds} kills, ${known.size} acknowledged commits, ${kept} of them kept, ${lost} lost`,
  )
})
