/**
 * A program that appends records is killed at random moments, repeatedly: no acknowledged record is
 * missing or torn. The kernel still has the writes of a killed process, so this alone proves
 * nothing about syncs; a trace of the system calls does. CAIO_TEST_ROUNDS: number of rounds per
 * backend.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { onEveryBackend, requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import { killedRun } from '../support/killed-run.js'
import { acknowledgements, isRecord } from './programs/append.js'

const rounds = Number(process.env['CAIO_TEST_ROUNDS'] ?? 20)
const program = fileURLToPath(new URL('./programs/append.js', import.meta.url))
/** A larger file is replaced by a new one. */
const LARGEST = 16 * 1024 * 1024
/** most milliseconds from the first acknowledgement on */
const LIFE = 25

t.setTimeout(900_000)

onEveryBackend(t, `killed ${rounds} times`, async (t, backend) => {
  let [begun, records, wrong] = [0, 0, 0]

  /** Kills one program after the other, each appending to what the last one left. */
  async function lane(): Promise<void> {
    const directory = temporaryDirectory(t)
    let [path, start, first] = ['', LARGEST, 0]
    while (begun < rounds) {
      begun++
      if (start >= LARGEST) {
        if (path) fs.rmSync(path)
        path = join(directory, `log-${begun}`)
        start = 0
      }
      const { lines, stderr } = await killedRun(program, [backend, path, String(start), String(first)], LIFE)
      const acknowledged = acknowledgements(`${lines.join('\n')}\n`)
      if (stderr || acknowledged.length === 0) t.fail(stderr || 'nothing was acknowledged')
      const content = fs.readFileSync(path)
      for (const { number, offset, length } of acknowledged) {
        if (!isRecord(content.subarray(offset, offset + length), number)) wrong++
      }
      records += acknowledged.length
      first += 10_000
      start = content.length
    }
  }
  await Promise.all([lane(), lane()])
  t.equal(wrong, 0, 'no acknowledged record is missing or torn')
  t.comment(`${backend}: ${begun} kills, ${records} acknowledged records, ${wrong} lost`)
})

if (process.platform === 'linux') {
  for (const backend of requiredBackends) {
    void t.test(`${backend}: a sync has run between the write and the acknowledgement`, async (t) => {
      const { plan, env } = makePlan(t)
      plan.log()
      const path = join(temporaryDirectory(t), 'log')
      const { code, stdout, stderr } = await runProgram(program, [backend, path, '0', '0', '200'], { env })
      t.equal(code, 0, stderr)
      const entries = plan.entries
      const acks = entries.filter(({ call }) => call === 'signal').sort((a, b) => a.begin - b.begin)
      const lines = stdout.split('\n').slice(0, -1)
      t.equal(acks.length, lines.length, 'the log has every acknowledgement')
      const writes = entries.filter(({ call, result }) => call.startsWith('pwrite') && result > 0)
      const syncs = entries.filter(({ call, result }) => (call === 'fdatasync' || call === 'fsync') && result === 0)
      let early = 0
      for (const [index, line] of lines.entries()) {
        const acknowledged = acks[index]?.begin ?? 0
        for (const { offset, length } of acknowledgements(`${line}\n`)) {
          const own = writes.filter((write) => write.offset < offset + length && offset < write.offset + write.result)
          const written = Math.max(...own.map(({ end }) => end))
          const covering = syncs.find((sync) => sync.begin > written && sync.end < acknowledged)
          if (!covering) early++
        }
      }
      t.equal(early, 0, 'every record is covered by a sync that began after it was written')
      t.ok(
        syncs.length > 1 && syncs.length <= lines.length,
        `${syncs.length} syncs for ${lines.length} acknowledgements`,
      )
      t.comment(`${backend}: ${writes.length} writes, ${syncs.length} syncs, ${lines.length} acknowledgements`)
    })
  }
}
