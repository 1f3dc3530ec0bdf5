/** A log in several files: positions continue, its beginning is dropped, and both while others append. */
import fs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { LogWriter, SegmentedLog } from 'caio'
import type { LogRecord, SegmentedLogOptions } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../../../support/harness.js'

async function all(log: SegmentedLog, start?: number): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for await (const { position, content } of log.records({ start })) found.set(position, String(content))
  return found
}

/** Opens it, with the records that it reports. */
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
  // A segment without a name yet, and a torn tail.
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

  // An earlier segment that has lost its end was whole once.
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

onEveryBackend(t, 'damage that comes while it is open', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const damaged of ['refuse', 'salvage'] as const) {
    for (const hurt of ['first', 'middle', 'end', 'header', 'current'] as const) {
      const directory = temporaryDirectory(t)
      const [log] = await open(directory, { context, damaged })
      const positions: number[] = []
      for (let segment = 0; segment < 3; segment++) {
        for (let at = 0; at < 5; at++) positions.push(log.append(`record ${segment}.${at}`))
        await log.commit()
        if (segment < 2) await log.rotate()
      }
      // None for the last one: without a seal, and with nothing after it, this is what a crash may leave.
      const record = { first: 0, middle: 7, end: 9, header: 5, current: 12 }[hurt]
      const base = positions[record - (record % 5)]! - 32
      const path = join(directory, `${String(base).padStart(16, '0')}.log`)
      const position = positions[record]! - base
      const bytes = fs.readFileSync(path)
      const at =
        hurt === 'header' ? 9 : positions[record + 1] !== undefined && hurt !== 'end' ? position + 17 : bytes.length - 1
      bytes[at]! ^= 1
      fs.writeFileSync(path, bytes)

      const found: number[] = []
      let error: (NodeJS.ErrnoException & { position?: number; next?: number }) | undefined
      try {
        for await (const each of log.records()) found.push(each.position)
      } catch (thrown) {
        error = thrown as typeof error
      }
      const name = `${hurt}, ${damaged}`
      if (hurt === 'header') {
        t.match(error, { code: 'ERR_CAIO_LOG_DAMAGED', path, position: 0 }, name)
      } else if (damaged === 'salvage') {
        t.same(error, undefined, name)
        t.same(found, positions.toSpliced(record, 1), name)
      } else {
        const next = hurt === 'end' ? undefined : positions[record + 1]! - base
        t.match(error, { code: 'ERR_CAIO_LOG_DAMAGED', path, position, next }, name)
        t.same(found, positions.slice(0, record), `${name}: those before it`)
        const behind = positions[record - (record % 5) + 5]
        if (behind) {
          t.equal((await all(log, behind)).size, positions.length - positions.indexOf(behind), 'those behind it')
        }
      }
      await log.close()
    }
  }
})

onEveryBackend(t, 'rotated while it is read', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const { open: openFile, readdir, rename, unlink } = fs.promises
  let readings = 0
  const rotating = {
    readdir,
    rename,
    unlink,
    async open(...args: Parameters<typeof openFile>) {
      const handle = await openFile(...args)
      if (args[1] !== 'r' || !String(args[0]).endsWith('.log')) return handle
      // The second reading has not found appended records that are unwritten: now they are written,
      // and another segment follows.
      const reading = ++readings
      const close = handle.close.bind(handle)
      const rotate = async (): Promise<void> => {
        await close()
        if (reading !== 2) return
        await log.rotate()
        log.append('three')
        await log.commit()
      }
      return Object.defineProperty(handle, 'close', { value: rotate })
    },
  }
  const [log] = await open(directory, { context, fs: rotating })
  log.append('one')
  await log.commit()
  log.append('two')
  t.same([...(await all(log)).values()], ['one', 'two', 'three'])
  await log.close()
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

t.test('records while a segment goes: its file first, then its place on the list', async (t) => {
  const path = temporaryDirectory(t)
  let isGone = (): void => undefined
  let goOn = (): void => undefined
  const gone = new Promise<void>((resolve) => (isGone = resolve))
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const unlink = async (each: string): Promise<void> => {
    await fs.promises.unlink(each)
    if (!/\d\.log$/.test(String(each))) return
    isGone()
    await gate
  }
  const log = await SegmentedLog.open(path, { fs: { ...fs.promises, unlink } as typeof fs.promises })
  log.append(Buffer.from('one'))
  await log.commit()
  const position = await log.rotate()
  log.append(Buffer.from('two'))
  await log.commit()
  const dropping = log.dropBefore(position)
  await gone
  const reading = all(log)
  goOn()
  t.same([...(await reading).values()], ['two'])
  t.equal(await dropping, position)
  await log.close()
})
