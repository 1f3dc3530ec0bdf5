/**
 * A process is killed while it replaces a file: one whole version is found, none older than the
 * last reported one, and the next process continues.
 */
// @thorough
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { onEveryBackend, temporaryDirectory } from '../support/harness.js'
import { killedRun } from '../support/killed-run.js'

const rounds = Math.ceil(Number(process.env['CAIO_TEST_ROUNDS'] ?? 32) / 8)
const program = fileURLToPath(new URL('./programs/atomic.js', import.meta.url))
/** most milliseconds from the first version on */
const LIFE = 60

t.setTimeout(900_000)

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  const path = join(temporaryDirectory(t), 'file')
  for (let round = 0; round < rounds; round++) {
    const { lines, stderr } = await killedRun(program, [path], LIFE, { env: { CAIO_IMPL: backend } })
    t.equal(stderr, '')
    const content = fs.readFileSync(path, 'utf8')
    const number = Number.parseInt(content)
    t.equal(content, `${number} `.padEnd(200_000, 'x'), 'whole')
    t.ok(number >= Number(lines.at(-1)), 'what was said to be durable, or newer')
  }
  const left = fs.readdirSync(dirname(path)).filter((name) => name !== basename(path))
  t.ok(
    left.every((name) => /^\.file\.\d+-[0-9a-f]{12}\.tmp$/.test(name)),
    `${left.length} temporary files`,
  )
})
