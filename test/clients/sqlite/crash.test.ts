/**
 * SQLite over caio/fs is killed in mid-transaction, repeatedly: its own integrity check finds no
 * fault, no committed transfer is missing, and none is there in part. CAIO_TEST_ROUNDS: rounds per
 * backend.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { killedRun } from '../../support/killed-run.js'
import { onEveryBackend, temporaryDirectory } from '../../support/harness.js'

const rounds = Number(process.env['CAIO_TEST_ROUNDS'] ?? 9)
const program = fileURLToPath(new URL('./programs/transfers.js', import.meta.url))
/** journal modes that recover a database, one per round */
const journals = ['delete', 'truncate', 'persist', 'wal']
/** most milliseconds from the first commit on */
const LIFE = 250

t.setTimeout(900_000)

interface Life {
  audit: { faults: string[]; transfers: number }
  /** number of transfers reported as committed */
  committed: number
  stderr: string
}

async function live(directory: string, journal: string, seed: number, backend: string): Promise<Life> {
  const options = { env: { CAIO_IMPL: backend }, from: 2 }
  const { lines, stderr } = await killedRun(program, [directory, journal, String(seed)], LIFE, options)
  const audit = JSON.parse(lines[0] ?? '{"faults": ["nothing was said"], "transfers": 0}') as Life['audit']
  return { audit, committed: Number(lines.slice(1).at(-1) ?? audit.transfers), stderr }
}

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  let [begun, hot, faults, lost, committed] = [0, 0, 0, 0, 0]
  const journalOf = (round: number): string => journals[round % journals.length] as string

  async function lane(): Promise<void> {
    const directory = temporaryDirectory(t)
    let known = 0
    const judge = ({ audit, stderr }: Life, what: string): void => {
      if (stderr || audit.faults.length > 0) {
        faults++
        t.fail(`${what}: ${stderr} ${audit.faults.join('; ')}`)
      }
      if (audit.transfers < known) lost += known - audit.transfers
    }
    while (begun < rounds) {
      const round = begun++
      const life = await live(directory, journalOf(round), round + 1, backend)
      judge(life, `${journalOf(round)}, round ${round}`)
      committed += life.committed - life.audit.transfers
      known = life.committed
      const journal = join(directory, 'test.db-journal')
      // Needs a rollback: a journal whose header has not been cut off or wiped.
      if (fs.existsSync(journal) && fs.statSync(journal).size > 0 && fs.readFileSync(journal).readUInt8(0) !== 0) hot++
    }
    // One more run audits the last one.
    judge(await live(directory, 'delete', 1, backend), 'the last')
  }
  await Promise.all([lane(), lane()])
  t.equal(faults, 0, 'whole after every kill')
  t.equal(lost, 0, 'no committed transfer is missing')
  t.ok(committed > 0, `${committed} transfers were committed`)
  t.ok(hot > 0 || rounds < 5, `${hot} kills left a transaction to roll back`)
  const kills = `${begun} kills, ${hot} in mid-transaction`
  t.comment(`counted: ${backend}: ${kills}, ${committed} transfers committed, ${lost} lost, ${faults} faults`)
})
