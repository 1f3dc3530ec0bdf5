/** A log in several files: positions go on, its beginning is dropped, and both while others append. */
import fs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { LogWriter, SegmentedLog } from 'caio'
import type { LogRecord, SegmentedLogOptions } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../support/harness.js'

async function all(log: SegmentedLog, start?: number): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for await (const { position, content } of log.records({ start })) found.set(position, String(content))
  return found
}

/** Opens it, with the records that it is told of. */
async function open(
  directory: string,
  options: SegmentedLogOptions = {},
): Promise<[SegmentedLog, Map<number, string>]> {
  const records = new Map<number, string>()
  const onRecord = ({ position, content }: LogRecord): void => void records.set(position, String(content))
  return [await SegmentedLog.open(directory, { ...options, onRecord }), records]
}

onEveryBackend(t, 'rotates and drops under load', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const [log] = await open(directory, { context })
  const written = new Map<number, string>()
  let [number, early, stopped] = [0, 0, false]
  const committer = async (): Promise<void> => {
    while (!stopped) {
      const content = `record ${number++}`.padEnd(100 + ((number * 7919) % 3000), 'x')
      const position =
        number % 2
          ? log.append(content)
          : log.appendv([Buffer.from(content.slice(0, 5)), Buffer.from(content.slice(5))])
      written.set(position, content)
      await log.commit()
      if (log.durable <= position) early++
    }
  }
  const committers = Array.from({ length: 8 }, committer)
  const starts: number[] = []
  for (let round = 0; round < 6; round++) {
    await log.commit()
    starts.push(await log.rotate())
    if (round === 3) {
      t.equal(await log.dropBefore(starts[1] as number), starts[1])
      t.equal(await log.dropBefore((starts[2] as number) - 1), starts[1], 'no segment that has something behind it')
    }
  }
  stopped = true
  await Promise.all(committers)
  t.equal(early, 0, 'a commit resolves when its record is durable')
  t.equal(log.durable, log.end)
  t.ok([...starts].sort((a, b) => a - b).every((start, at) => start === starts[at]))
  const kept = [...written].filter(([position]) => position >= log.start)
  t.ok(kept.length > 0 && kept.length < written.size, `${kept.length} of ${written.size} are left`)
  const byPosition = new Map(kept.sort(([a], [b]) => a - b))
  t.same([...(await all(log))], [...byPosition])
  const [middle] = [...byPosition.keys()].slice(-5)
  t.same([...(await all(log, middle))], [...byPosition].slice(-5), 'from a position on')
  await log.close()
  t.match(await rejectionOf(log.rotate()), { code: 'ERR_INVALID_STATE' })
  t.throws(() => log.append('x'), { code: 'ERR_INVALID_STATE' })

  const [again, found] = await open(directory, { context })
  t.same([...found], [...byPosition], 'and once it is opened anew')
  t.match(again.recovered, { records: kept.length, torn: 0, position: again.end })
  t.equal(again.end, log.end)
  t.equal(await again.dropBefore(again.end), again.start)
  const last = await again.rotate()
  t.equal(await again.rotate(), last, 'nothing has been appended')
  t.equal(await again.dropBefore(last), last)
  t.same([...(await all(again))], [])
  t.equal(fs.readdirSync(directory).length, 1)
  await again.close()
})

onEveryBackend(t, 'what a crash leaves of it', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const [log] = await open(directory, { context })
  const first = log.append('first')
  const second = await log.rotate()
  const position = log.append('second')
  await log.close()
  // A segment that had no name yet, and a tail that is not whole.
  const next = await LogWriter.open(join(directory, 'next'))
  next.append('never acknowledged')
  await next.close()
  const file = join(directory, `${String(second).padStart(16, '0')}.log`)
  fs.appendFileSync(file, 'torn')
  const [again, found] = await open(directory, { context })
  t.same(
    [...found],
    [
      [first, 'first'],
      [position, 'second'],
    ],
  )
  t.match(again.recovered, { segments: 2, records: 2, torn: 4 })
  await again.close()

  // An earlier one that has lost its end was whole once.
  const earlier = join(directory, `${'0'.repeat(16)}.log`)
  fs.truncateSync(earlier, second - 1)
  t.match(await rejectionOf(SegmentedLog.open(directory, { context })), { code: 'ERR_CAIO_LOG_DAMAGED', path: earlier })
  t.equal(fs.statSync(earlier).size, second - 1, 'is left alone')
  fs.truncateSync(earlier, first)
  t.match(await rejectionOf(SegmentedLog.open(directory, { context })), { code: 'ERR_CAIO_LOG_DAMAGED' })
  const [salvaged, rest] = await open(directory, { context, damaged: 'salvage' })
  t.same([...rest], [[position, 'second']])
  t.same([...(await all(salvaged))], [[position, 'second']])
  await salvaged.close()
})

onEveryBackend(t, 'failures are final, and a second owner is refused', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const log = await SegmentedLog.open(pathToFileURL(directory), { context, lock: true })
  t.match(await rejectionOf(SegmentedLog.open(Buffer.from(directory), { lock: true })), { code: 'ERR_CAIO_LOCKED' })
  log.append('content')
  await log.commit()
  const taken = join(directory, `${String(log.end).padStart(16, '0')}.log`)
  fs.mkdirSync(taken)
  t.match(await rejectionOf(log.rotate()), { code: 'EISDIR' })
  t.throws(() => log.append('x'), { code: 'ERR_CAIO_LOG_FAILED' })
  t.match(await rejectionOf(log.commit()), { code: 'ERR_CAIO_LOG_FAILED' })
  t.match(await rejectionOf(log.close()), { code: 'ERR_CAIO_LOG_FAILED' })
  fs.rmdirSync(taken)
  const again = await SegmentedLog.open(directory, { context, lock: true })
  t.equal((await all(again)).size, 1, 'the lock was given up')
  await again.close()
})

t.test("another module's files", async (t) => {
  const directory = temporaryDirectory(t)
  const { open, readdir, rename, unlink } = fs.promises
  t.match(await rejectionOf(SegmentedLog.open(directory, { fs: { open } })), { code: 'ERR_INVALID_ARG_VALUE' })
  const log = await SegmentedLog.open(directory, { fs: { open, readdir, rename, unlink }, lock: true })
  log.append('one')
  await log.rotate()
  log.append('two')
  await log.flush()
  t.same([...(await all(log)).values()], ['one', 'two'])
  await log.close()
})
