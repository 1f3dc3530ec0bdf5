/** Content of a log after a crash: whole records up to the first torn one, and nothing else. */
// @thorough node linux thread pure
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { LogWriter } from 'caio'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { content, makeLog, scan, watchedFs } from '../../support/made-logs.js'
import { fs, subject } from '../../support/subject.js'

const COUNT = 20
const expected = Array.from({ length: COUNT }, (_, number) => content(number))

await t.test(`a log that was closed, on ${subject}`, async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const end = places[COUNT]
  const whole = { position: end, records: COUNT, torn: 0, problem: undefined }
  t.same(await scan(path), { records: expected, positions: places.slice(0, -1), end: whole })
  const half = await scan(path, places[7])
  t.same(half.records, expected.slice(7), 'from a position on')
  const log = await LogWriter.open(path, { fs })
  t.same(log.recovered, whole)
  t.equal(log.append('more'), end, 'goes on where it ended')
  await log.close()
  t.same((await scan(path)).records, [...expected, 'more'])
})

await t.test('records of no bytes, and larger than what is read at once', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  const records = ['', 'a'.repeat(3_000_000), '', 'b'.repeat(256 * 1024 - 8), 'c', 'd'.repeat(1_100_000), '']
  for (const record of records) log.append(record)
  await log.close()
  const { records: found, end } = await scan(path)
  t.ok(found.every((record, at) => record === records[at]))
  t.match(end, { records: records.length, torn: 0, problem: undefined })
})

await t.test('cut off at every byte of the last record', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const whole = nodeFs.readFileSync(path)
  const [last, end] = places.slice(-2) as [number, number]
  let wrong = 0
  for (let size = last; size < end; size++) {
    nodeFs.writeFileSync(path, whole.subarray(0, size))
    const { records, end: found } = await scan(path)
    const log = await LogWriter.open(path, { fs })
    const end = { position: last, records: COUNT - 1, torn: size - last, problem: size === last ? undefined : 'cut' }
    const right =
      records.length === COUNT - 1 &&
      isDeepStrictEqual(found, end) &&
      isDeepStrictEqual(log.recovered, end) &&
      nodeFs.statSync(path).size === last
    log.append('after')
    await log.close()
    const again = await scan(path)
    if (
      !right ||
      again.records.length !== COUNT ||
      again.records.at(-1) !== 'after' ||
      again.end?.problem !== undefined
    ) {
      wrong++
    }
  }
  t.equal(wrong, 0, `${end - last} lengths`)
})

await t.test('any byte of the last record changed', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const whole = nodeFs.readFileSync(path)
  const [last, end] = places.slice(-2) as [number, number]
  let wrong = 0
  for (let at = last; at < end; at++) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    nodeFs.writeFileSync(path, changed)
    const { records, end: found } = await scan(path)
    if (records.length !== COUNT - 1 || found?.position !== last || found.torn !== end - last) wrong++
  }
  t.equal(wrong, 0, `${end - last} bytes`)
})

await t.test('a tail that the file system gave, but not the bytes', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const end = places[COUNT] as number
  nodeFs.truncateSync(path, end + 100_000)
  t.match((await scan(path)).end, { position: end, records: COUNT, torn: 0, problem: undefined }, 'zeros are no tear')
  const log = await LogWriter.open(path, { fs })
  await log.close()
  t.equal(nodeFs.statSync(path).size, end)
})

await t.test('a record of another log, or of another place, is none', async (t) => {
  const directory = temporaryDirectory(t)
  const [path, other] = [join(directory, 'log'), join(directory, 'other')]
  const places = await makeLog(path, COUNT)
  await makeLog(other, COUNT + 1)
  const end = places[COUNT] as number
  const own = nodeFs.readFileSync(path)
  nodeFs.appendFileSync(path, nodeFs.readFileSync(other).subarray(end))
  t.match((await scan(path)).end, { position: end, problem: 'checksum' })
  nodeFs.writeFileSync(path, Buffer.concat([own, own.subarray(places[0], places[1])]))
  t.match((await scan(path)).end, { position: end, problem: 'checksum' })
})

await t.test('what is no log is left alone', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'file')
  for (const text of ['x', 'caiolog2', 'a file of something else, which is longer than a header']) {
    nodeFs.writeFileSync(path, text)
    t.match(await rejectionOf(LogWriter.open(path, { fs })), { code: 'ERR_CAIO_NOT_A_LOG' })
    t.match(await rejectionOf(scan(path)), { code: 'ERR_CAIO_NOT_A_LOG' })
    t.equal(nodeFs.readFileSync(path, 'utf8'), text)
  }
  t.match(await rejectionOf(LogWriter.open(directory, { fs })), { code: 'EISDIR' })
  t.match(await rejectionOf(scan(join(directory, 'none'))), { code: 'ENOENT' })
})

await t.test('its making cut off at every byte', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const [first] = await makeLog(path, 0)
  const header = nodeFs.readFileSync(path)
  t.equal(header.length, first)
  for (let size = 0; size < header.length; size++) {
    for (const bytes of [header.subarray(0, size), Buffer.alloc(size)]) {
      nodeFs.writeFileSync(path, bytes)
      t.match((await scan(path)).end, { position: 0, records: 0, torn: size })
      const log = await LogWriter.open(path, { fs })
      log.append('first')
      await log.close()
      t.same((await scan(path)).records, ['first'])
    }
  }
})

await t.test('a log whose maker may not have come to sync its directory', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const opening = async (): Promise<string[]> => {
    const synced: string[] = []
    const log = await LogWriter.open(path, {
      fs: {
        async open(opened, ...rest) {
          const handle = await fs.open(opened, ...rest)
          const sync = handle.sync.bind(handle)
          return Object.defineProperty(handle, 'sync', { value: () => (synced.push(String(opened)), sync()) })
        },
      },
    })
    await log.close()
    return synced
  }
  const directory = join(path, '..')
  t.same(await opening(), [path, directory], 'made')
  t.same(await opening(), [path, directory], 'a header, and no record')
  const log = await LogWriter.open(path, { fs })
  log.append('one')
  await log.close()
  t.same(await opening(), [path], 'a record, which proves that the log had been opened')
})

await t.test('the cut is durable before the first new record', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  await makeLog(path, COUNT)
  nodeFs.appendFileSync(path, 'torn')
  const calls: string[] = []
  const watched = watchedFs((method) => void calls.push(method))
  const log = await LogWriter.open(path, { fs: watched.fs })
  t.same(calls, ['truncate', 'sync'])
  log.append('new')
  await log.commit()
  t.same(calls, ['truncate', 'sync', 'write', 'datasync'])
  await log.close()
})
