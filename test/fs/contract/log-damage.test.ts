/**
 * Damage in the middle of a log, and the remains of a crash: damage is refused or salvaged, remains
 * are cut off, and no whole record is lost.
 */
// @thorough node linux thread pure
import nodeFs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { LogReader, LogWriter } from 'caio'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { content, crashImage, makeFirstFormat, makeLog, scan, watchedFs } from '../../support/made-logs.js'
import { fs, subject } from '../../support/subject.js'

const COUNT = 20
const expected = Array.from({ length: COUNT }, (_, number) => content(number))
const SECTOR = 512

/** Changes some bytes of the file. */
function spoil(path: string, position: number, bytes: Buffer | ((old: number) => number)): Buffer {
  const whole = nodeFs.readFileSync(path)
  if (typeof bytes === 'function') whole[position] = bytes(whole[position] as number)
  else bytes.copy(whole, position)
  nodeFs.writeFileSync(path, whole)
  return whole
}

const flip = (old: number): number => old ^ 4
const besides = (path: string): string[] => nodeFs.readdirSync(dirname(path)).filter((name) => name !== basename(path))

/** Expects that the log is refused, that its file is unchanged, and that no file is made beside it. */
async function refused(t: Test, path: string, position: number, next: number): Promise<void> {
  const before = nodeFs.readFileSync(path)
  const error = await rejectionOf(LogWriter.open(path, { fs }))
  t.match(error, { code: 'ERR_CAIO_LOG_DAMAGED', path, position, next })
  t.match(error.message, new RegExp(`${path}.*byte ${position}:.*byte ${next} `))
  t.ok(nodeFs.readFileSync(path).equals(before), 'the file is left alone')
  t.same(besides(path), [])
}

await t.test(`one bit of an early record, on ${subject}`, async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  const places = Array.from({ length: 10_000 }, (_, number) => log.append(`record ${number}`))
  await log.close()
  const [at, next] = places.slice(5, 7) as [number, number]
  const size = spoil(path, at + 14, flip).length
  await refused(t, path, at, next)
  const stopped = await scan(path)
  const damage = [{ position: at, length: next - at, problem: 'checksum' as const }]
  t.same(stopped.end, { position: at, records: 5, torn: size - at, problem: 'checksum', damage })
  t.equal(stopped.records.length, 5)
  const skipped = await scan(path, undefined, 'skip')
  t.same(skipped.end, { position: size, records: 9999, torn: 0, problem: undefined, damage })
  t.same(
    skipped.positions,
    places.filter((place) => place !== at),
  )
  t.ok(skipped.records.every((record, index) => record === `record ${index < 5 ? index : index + 1}`))
})

await t.test('any byte of a record in the middle changed', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const whole = nodeFs.readFileSync(path)
  const [at, next] = places.slice(7, 9) as [number, number]
  let wrong = 0
  for (let byte = at; byte < next; byte++) {
    nodeFs.writeFileSync(path, whole)
    spoil(path, byte, (old) => old ^ (1 << (byte % 8)))
    const error = await rejectionOf(LogWriter.open(path, { fs }))
    const { records } = await scan(path, undefined, 'skip')
    if (
      error.code !== 'ERR_CAIO_LOG_DAMAGED' ||
      records.join() !== expected.filter((_, number) => number !== 7).join()
    ) {
      wrong++
    }
  }
  t.equal(wrong, 0, `${next - at} bytes`)
})

await t.test('salvage', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const [first, second] = [places[3], places[11]] as [number, number]
  spoil(path, first + 1, flip) // its length
  spoil(path, second + 13, flip)
  const spoilt = spoil(path, (places[12] as number) + 5, flip) // and the next one
  nodeFs.appendFileSync(path, 'torn')
  const log = await LogWriter.open(path, { fs, damaged: 'salvage' })
  const [afterFirst, afterSecond] = [places[4], places[13]] as [number, number]
  const kept = [`${path}.damaged-${first}`, `${path}.damaged-${second}`]
  t.same(log.recovered, {
    position: places[COUNT],
    records: COUNT - 3,
    torn: 4,
    problem: 'cut',
    damage: [
      { position: first, length: afterFirst - first, problem: 'checksum' },
      { position: second, length: afterSecond - second, problem: 'checksum' },
    ],
    kept,
  })
  t.ok(nodeFs.readFileSync(kept[0] as string).equals(spoilt.subarray(first, afterFirst)))
  t.ok(nodeFs.readFileSync(kept[1] as string).equals(spoilt.subarray(second, afterSecond)))
  t.equal(log.append('more'), places[COUNT])
  await log.close()

  const left = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19]
  const found = await scan(path)
  t.same(found.records, [...left.map((number) => expected[number]), 'more'], 'all that was whole, in order')
  t.same(found.positions, [...left.map((number) => places[number]), places[COUNT]], 'at the positions that they had')
  t.match(found.end, { torn: 0, problem: undefined })
  t.equal(found.end?.damage, undefined, 'nothing is damaged any more')
  const again = await LogWriter.open(path, { fs })
  t.same(again.recovered, { position: found.end?.position, records: left.length + 1, torn: 0, problem: undefined })
  await again.close()
  t.same((await scan(path, second)).positions[0], afterSecond, 'reading from a position that is damaged')
})

await t.test('what is kept is durable before the log is changed, under a name of its own', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const at = places[3] as number
  spoil(path, at + 15, flip)
  nodeFs.writeFileSync(`${path}.damaged-${at}`, 'of somebody else')
  const whole = nodeFs.readFileSync(path)
  const calls: string[] = []
  const changed: boolean[] = []
  const { fs: watched } = watchedFs((method) => {
    calls.push(method)
    changed.push(!nodeFs.readFileSync(path).equals(whole))
  })
  const log = await LogWriter.open(path, { fs: watched, damaged: 'salvage' })
  t.same(calls, ['write', 'truncate', 'sync', 'sync', 'write', 'sync'], 'the copy and its directory, then the log')
  t.same(changed, [false, false, false, false, false, true])
  t.same(log.recovered.kept, [`${path}.damaged-${at}-1`])
  t.equal(nodeFs.readFileSync(`${path}.damaged-${at}`, 'utf8'), 'of somebody else')
  await log.close()
})

await t.test('a copy that cannot be made leaves the log alone', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  spoil(path, (places[3] as number) + 15, flip)
  const whole = spoil(path, (places[8] as number) + 15, flip)
  // Two writes, and three syncs, the last one of the directory.
  for (const [failing, nth] of [
    ['write', 1],
    ['write', 2],
    ['sync', 1],
    ['sync', 2],
    ['sync', 3],
  ]) {
    const { fs: watched } = watchedFs((method, count) => {
      if (method === failing && count === nth) throw Object.assign(new Error('ENOSPC: of the test'), { code: 'ENOSPC' })
    })
    t.match(await rejectionOf(LogWriter.open(path, { fs: watched, damaged: 'salvage' })), { code: 'ENOSPC' })
    t.ok(nodeFs.readFileSync(path).equals(whole))
    t.same(besides(path), [])
  }
})

const committed = Array.from({ length: 40 }, (_, number) => [content(number)])
const batch = Array.from({ length: 60 }, (_, number) => content(100 + number))

await t.test('a hole in the batch that was not committed is what a crash leaves', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { bytes, positions, durable } = await crashImage(path, [...committed, batch])
  t.equal(durable, positions[40])
  let wrong = 0
  for (let sector = Math.floor(durable / SECTOR); (sector + 2) * SECTOR < bytes.length; sector++) {
    const crashed = Buffer.from(bytes)
    crashed.fill(0, Math.max(sector * SECTOR, durable), (sector + 1) * SECTOR)
    nodeFs.writeFileSync(path, crashed)
    const log = await LogWriter.open(path, { fs })
    const { position, records, torn, kept, damage } = log.recovered
    await log.close()
    const isRight =
      position >= durable &&
      records >= 40 &&
      torn === bytes.length - position &&
      damage === undefined &&
      kept?.length === 1
    if (!isRight || !nodeFs.readFileSync(kept[0] as string).equals(crashed.subarray(position))) wrong++
    if (nodeFs.statSync(path).size !== position) wrong++
    for (const name of kept ?? []) nodeFs.unlinkSync(name)
  }
  t.equal(wrong, 0)
})

await t.test('a hole that ends within the header of an empty record', async (t) => {
  const directory = temporaryDirectory(t)
  // That header begins with zeros anyway.
  const spaces = Array.from({ length: SECTOR }, (_, length) => 'x'.repeat(length + SECTOR))
  let tried = 0
  for (const space of spaces) {
    const path = join(directory, String(space.length))
    const { bytes, positions, durable } = await crashImage(path, [['committed'], [space, '']])
    const empty = positions[2] as number
    const end = Math.ceil(empty / SECTOR) * SECTOR
    if (end === empty || end - empty > 4 || end - SECTOR < durable) continue
    tried++
    const crashed = Buffer.from(bytes).fill(0, end - SECTOR, end)
    nodeFs.writeFileSync(path, crashed)
    const log = await LogWriter.open(path, { fs })
    t.match(log.recovered, { position: durable, records: 1, torn: bytes.length - durable, damage: undefined })
    await log.close()
  }
  t.equal(tried, 4)
})

await t.test('the same hole in what was committed is damage, though nobody has closed the log', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { bytes, positions, durable } = await crashImage(path, [batch, ['committed after it'], ['not committed']])
  const crashed = Buffer.from(bytes)
  crashed.fill(0, 4 * SECTOR, 5 * SECTOR)
  nodeFs.writeFileSync(path, crashed)
  t.ok(durable > 5 * SECTOR)
  const at = positions.findLast((position) => position <= 4 * SECTOR) as number
  const next = positions.find((position) => position >= 5 * SECTOR) as number
  await refused(t, path, at, next)
})

await t.test('a log that was closed has no holes but damage', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  spoil(path, SECTOR, Buffer.alloc(SECTOR))
  const at = places.findLast((place) => place <= SECTOR) as number
  await refused(t, path, at, places.find((place) => place >= 2 * SECTOR) as number)
})

await t.test('a changed bit in what was not committed is no hole', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { bytes, positions } = await crashImage(path, [...committed, batch])
  nodeFs.writeFileSync(path, bytes)
  spoil(path, (positions[45] as number) + 20, flip)
  await refused(t, path, positions[45] as number, positions[46] as number)
})

await t.test('the last record of a log that was closed is cut off, and kept', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const [last, end] = places.slice(-2) as [number, number]
  const whole = spoil(path, last + 20, flip)
  const log = await LogWriter.open(path, { fs })
  t.match(log.recovered, { position: last, records: COUNT - 1, torn: end - last, kept: [`${path}.torn-${last}`] })
  t.ok(nodeFs.readFileSync(`${path}.torn-${last}`).equals(whole.subarray(last)))
  // The proof of a commit of the old record does not apply to its replacement.
  log.append('x'.repeat(2000))
  await log.close()
  const image = nodeFs.readFileSync(path)
  t.equal((await scan(path)).records.length, COUNT)
  nodeFs.writeFileSync(path, image.subarray(0, last + 100))
  const again = await LogWriter.open(path, { fs })
  t.equal(again.recovered.kept, undefined, 'a torn one is not kept')
  await again.close()
})

await t.test('the seal does not vouch for what replaces the end of a log', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  const last = log.append('x'.repeat(10 * SECTOR))
  await log.close()
  spoil(path, last + 20, flip)
  const { bytes } = await crashImage(path, [batch])
  const crashed = Buffer.from(bytes)
  crashed.fill(0, 3 * SECTOR, 4 * SECTOR)
  nodeFs.writeFileSync(path, crashed)
  const again = await LogWriter.open(path, { fs })
  t.ok(again.recovered.position < 3 * SECTOR)
  await again.close()
})

await t.test('a record that is damaged within a torn tail', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  spoil(path, (places[5] as number) + 3, () => 0x7f)
  nodeFs.truncateSync(path, (places[COUNT] as number) - 3)
  t.match((await scan(path)).end, { position: places[5], problem: 'length' })
  await refused(t, path, places[5] as number, places[6] as number)
})

await t.test('a damaged header', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const places = await makeLog(path, COUNT)
  const whole = nodeFs.readFileSync(path)
  for (let byte = 0; byte < (places[0] as number); byte++) {
    nodeFs.writeFileSync(path, whole)
    const changed = spoil(path, byte, flip)
    const result = await LogWriter.open(path, { fs, damaged: 'salvage' }).then(
      (log) => log.close(),
      (error: Error) => error,
    )
    if (byte < 8) t.match(result, { code: 'ERR_CAIO_NOT_A_LOG' })
    else if (byte < 16) t.match(result, { code: 'ERR_CAIO_LOG_DAMAGED', position: 0 })
    else t.equal(result, undefined, 'a seal that is not whole is none')
    if (result) t.ok(nodeFs.readFileSync(path).equals(changed))
    if (byte >= 8 && byte < 16) t.match(await rejectionOf(scan(path)), { code: 'ERR_CAIO_LOG_DAMAGED' })
  }
})

await t.test('records that are larger than what is read at once', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  const large = Array.from({ length: 4 }, (_, number) => Buffer.alloc(700_000, `${number}${'\0'.repeat(7)}`))
  const places = large.map((record) => log.append(record))
  await log.close()
  for (const offset of [0, 1, 5, 9, 500_000]) {
    const whole = nodeFs.readFileSync(path)
    spoil(path, (places[1] as number) + offset, flip)
    t.match(await rejectionOf(LogWriter.open(path, { fs })), { position: places[1], next: places[2] })
    const found: Buffer[] = []
    for await (const { content } of new LogReader(path, { fs, damaged: 'skip' })) found.push(content)
    t.ok(
      found.length === 3 && found[0]?.equals(large[0]!) && found[1]?.equals(large[2]!) && found[2]?.equals(large[3]!),
    )
    nodeFs.writeFileSync(path, whole)
  }
})

await t.test('the first format', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  await t.test('is read, and goes on as it is', async (t) => {
    const places = makeFirstFormat(path, expected)
    const whole = { position: places[COUNT] as number, records: COUNT, torn: 0, problem: undefined }
    t.same(await scan(path), { records: expected, positions: places.slice(0, -1), end: whole })
    nodeFs.appendFileSync(path, 'torn')
    const log = await LogWriter.open(path, { fs })
    const kept = `${path}.torn-${places[COUNT]}`
    t.same(log.recovered, { ...whole, torn: 4, problem: 'cut', kept: [kept] })
    t.equal(nodeFs.readFileSync(kept, 'utf8'), 'torn')
    nodeFs.unlinkSync(kept)
    t.equal(log.append('more'), places[COUNT])
    await log.close()
    const grown = nodeFs.readFileSync(path)
    t.ok(grown.equals((makeFirstFormat(path, [...expected, 'more']), nodeFs.readFileSync(path))), 'as it always was')
  })

  await t.test('is refused and salvaged', async (t) => {
    const places = makeFirstFormat(path, expected)
    const whole = nodeFs.readFileSync(path)
    const [at, next] = places.slice(7, 9) as [number, number]
    for (let byte = at; byte < next; byte += 3) {
      nodeFs.writeFileSync(path, whole)
      const changed = spoil(path, byte, flip)
      await refused(t, path, at, next)
      const log = await LogWriter.open(path, { fs, damaged: 'salvage' })
      t.match(log.recovered, { records: COUNT - 1, damage: [{ position: at, length: next - at }] })
      t.ok(nodeFs.readFileSync(log.recovered.kept?.[0] as string).equals(changed.subarray(at, next)))
      nodeFs.unlinkSync(log.recovered.kept?.[0] as string)
      await log.close()
      const found = await scan(path)
      t.same(
        found.records,
        expected.filter((_, number) => number !== 7),
      )
      t.equal(found.end?.damage, undefined)
    }
  })

  await t.test('without a record that fits its salt is cut off, and kept', async (t) => {
    makeFirstFormat(path, expected)
    const changed = spoil(path, 8, flip)
    const log = await LogWriter.open(path, { fs })
    t.equal(log.recovered.records, 0)
    t.ok(nodeFs.readFileSync(log.recovered.kept?.[0] as string).equals(changed.subarray(16)))
    await log.close()
  })
})
