/** Group commit: committed records are durable, in order, by few syncs; and a failure is final. */
// @quick node linux pure
// @thorough thread
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { LogReader, LogWriter } from 'caio'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { content, scan, watchedFs } from '../../support/made-logs.js'
import { fs, subject } from '../../support/subject.js'

function failureOf(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: of the test, fdatasync`), { code, errno: -5, syscall: 'fdatasync' })
}

await t.test(`64 committers on ${subject}`, async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { fs: watched, counts } = watchedFs(() => undefined)
  const log = await LogWriter.open(path, { fs: watched })
  const positions = new Map<number, string>()
  let [early, next] = [0, 0]
  const committer = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      const record = content(next++)
      const position = log.append(record)
      positions.set(position, record)
      await log.commit()
      if (log.durable <= position) early++
    }
  }
  await Promise.all(Array.from({ length: 64 }, committer))
  t.equal(early, 0, 'a commit resolves when its record is durable')
  t.equal(log.durable, log.end)
  t.equal(counts.datasync, 20, 'one sync for all of them a round')
  t.equal(counts.write, 1 + 20, 'and one write')
  await log.close()
  t.equal(counts.datasync, 20, 'nothing is left for close')
  const found = await scan(path)
  t.equal(found.records.length, 64 * 20)
  t.ok(found.positions.every((position, at) => positions.get(position) === found.records[at]))
})

await t.test('who comes while a sync is under way waits for the next', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  let release = (): void => {}
  let reached = (): void => {}
  const inSync = new Promise<void>((resolve) => (reached = resolve))
  const held = new Promise<void>((resolve) => (release = resolve))
  const { fs: watched, counts } = watchedFs((method, count) => {
    if (method !== 'datasync' || count > 1) return undefined
    reached()
    return held
  })
  const log = await LogWriter.open(path, { fs: watched })
  log.append('first')
  const first = log.commit()
  await inSync
  const late = log.append('late')
  const commits = [log.commit(), log.commit(), log.commit()]
  release()
  await first
  t.equal(log.durable, late, 'the first sync says nothing of what came later')
  await Promise.all(commits)
  t.equal(counts.datasync, 2, 'one more for the three')
  await log.commit()
  t.equal(counts.datasync, 2, 'nothing new, no sync')
  await log.close()
})

await t.test('the bytes are copied', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  const bytes = Buffer.from('abcdefgh')
  log.append(bytes)
  bytes.fill('z')
  log.append(new Uint16Array([0x6161, 0x6262]))
  log.append(new DataView(new ArrayBuffer(8), 4, 0))
  log.append('größer')
  await log.close()
  t.same((await scan(path)).records, ['abcdefgh', 'aabb', '', 'größer'])
})

await t.test('much that nobody commits is written as it comes', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  let reached = (): void => {}
  const written = new Promise<void>((resolve) => (reached = resolve))
  const { fs: watched, counts } = watchedFs((method, count) =>
    method === 'write' && count === 2 ? void reached() : undefined,
  )
  const log = await LogWriter.open(path, { fs: watched })
  for (let at = 0; at < 100; at++) log.append('m'.repeat(20_000))
  await written
  t.equal(counts.datasync, 0)
  await log.close()
  t.equal(counts.datasync, 1, 'durable by close')
  t.match((await scan(path)).end, { records: 100, torn: 0 })
})

await t.test('a short write is gone on with', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { fs: watched } = watchedFs((method, count, args) => {
    if (method === 'write' && count > 1) args[2] = Math.min(args[2] as number, 7)
    return undefined
  })
  const log = await LogWriter.open(path, { fs: watched })
  for (let number = 0; number < 5; number++) log.append(content(number))
  await log.close()
  t.match((await scan(path)).end, { records: 5, torn: 0 })
})

for (const method of ['write', 'datasync'] as const) {
  await t.test(`a failed ${method} is final`, async (t) => {
    const path = join(temporaryDirectory(t), 'log')
    const cause = failureOf('EIO')
    let armed = false
    const { fs: watched, counts } = watchedFs((called) => {
      if (!armed || called !== method) return undefined
      armed = false // it would work if it were tried again
      throw cause
    })
    const log = await LogWriter.open(path, { fs: watched })
    log.append('durable')
    await log.commit()
    armed = true
    const { durable } = log
    log.append('lost')
    const commits = [log.commit(), log.commit()]
    for (const error of await Promise.all(commits.map(rejectionOf))) {
      t.equal(error, cause, 'everybody who waited hears of it')
    }
    const before = { ...counts }
    const later = await rejectionOf(log.commit())
    t.match(later, { code: 'ERR_CAIO_LOG_FAILED' })
    t.equal(later.cause, cause)
    t.match(
      t.throws(() => log.append('more')),
      { code: 'ERR_CAIO_LOG_FAILED' },
    )
    t.match(await rejectionOf(log.close()), { code: 'ERR_CAIO_LOG_FAILED' })
    t.same(counts, before, 'nothing is tried again')
    t.equal(log.durable, durable)
    const again = await LogWriter.open(path, { fs })
    t.ok(again.recovered.records >= 1, 'what was durable is there')
    await again.close()
  })
}

await t.test('a failure reaches those who came during the sync, too', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  let fail = (_: Error): void => {}
  let reached = (): void => {}
  const inSync = new Promise<void>((resolve) => (reached = resolve))
  const { fs: watched } = watchedFs((method) => {
    if (method !== 'datasync') return undefined
    reached()
    return new Promise((_, reject) => (fail = reject))
  })
  const log = await LogWriter.open(path, { fs: watched })
  log.append('first')
  const first = rejectionOf(log.commit())
  await inSync
  log.append('second')
  const second = rejectionOf(log.commit())
  fail(failureOf('ENOSPC'))
  t.match(await first, { code: 'ENOSPC' })
  t.match(await second, { code: 'ERR_CAIO_LOG_FAILED', cause: { code: 'ENOSPC' } })
  await rejectionOf(log.close())
})

await t.test('a write of nothing is an error', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const { fs: watched } = watchedFs((method, count) =>
    method === 'write' && count > 1 ? { bytesWritten: 0 } : undefined,
  )
  const log = await LogWriter.open(path, { fs: watched })
  log.append('lost')
  t.match(await rejectionOf(log.commit()), { code: 'EIO', syscall: 'write' })
  await rejectionOf(log.close())
})

await t.test('arguments, and after close', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  for (const bad of [undefined, 5, {}, new ArrayBuffer(4)]) {
    t.throws(() => log.append(bad as never), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  log.append('kept')
  const closing = log.close()
  t.equal(log.close(), closing, 'once')
  t.throws(() => log.append('late'), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(log.commit()), { code: 'ERR_INVALID_STATE' })
  await closing
  t.same((await scan(path)).records, ['kept'])
  t.equal(nodeFs.statSync(path).mode & 0o777, 0o666 & ~process.umask())
})

await t.test('views that lie about their length', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { fs })
  for (const make of [() => Buffer.from('abcdef'), () => new Uint16Array(3), () => new DataView(new ArrayBuffer(6))]) {
    for (const byteLength of [100, 2, 0]) {
      const view = Object.defineProperty(make(), 'byteLength', { value: byteLength })
      t.throws(() => log.append(view), { code: 'ERR_INVALID_ARG_VALUE' })
    }
    const moved = Object.defineProperties(make(), {
      buffer: { value: new ArrayBuffer(64) },
      byteOffset: { value: 8 },
      length: { value: 50 },
    })
    log.append(moved)
  }
  await log.close()
  t.same(
    (await scan(path)).records,
    ['abcdef', '\0'.repeat(6), '\0'.repeat(6)],
    'whatever else they say, their own bytes',
  )
})

await t.test('paths of every kind', async (t) => {
  const directory = temporaryDirectory(t)
  // A name that is not UTF-8, if the file system allows it.
  const bytes = Buffer.concat([
    Buffer.from(join(directory, 'log-')),
    Buffer.from([process.platform === 'linux' ? 0xff : 0x66]),
  ])
  for (const path of [bytes, pathToFileURL(join(directory, 'naïve log'))]) {
    for (const record of ['first', 'second']) {
      const log = await LogWriter.open(path, { fs })
      log.append(record)
      await log.close()
    }
    nodeFs.appendFileSync(path, 'torn')
    t.match(await scan(path), { records: ['first', 'second'], end: { torn: 4 } })
  }
  t.same(nodeFs.readdirSync(directory).length, 2)
  for (const bad of [undefined, 7, {}, null]) {
    t.match(await rejectionOf(LogWriter.open(bad as never, { fs })), { code: 'ERR_INVALID_ARG_TYPE' })
    t.throws(() => new LogReader(bad as never), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  t.match(await rejectionOf(LogWriter.open('with\0zero', { fs })), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const options of [{ torn: 'cut' }, { damaged: 'yes' }]) {
    t.match(await rejectionOf(LogWriter.open(join(directory, 'other'), { fs, ...options } as never)), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  }
  t.throws(() => new LogReader('log', { damaged: 'refuse' } as never), { code: 'ERR_INVALID_ARG_VALUE' })
  t.same(nodeFs.readdirSync(directory).length, 2)
})

await t.test('a link to a log that is not there yet', async (t) => {
  const directory = temporaryDirectory(t)
  nodeFs.symlinkSync('log', join(directory, 'link'))
  const log = await LogWriter.open(join(directory, 'link'), { fs })
  await log.close()
  t.same(nodeFs.readdirSync(directory).sort(), ['link', 'log'])
})

await t.test('a log that could not be made leaves no file behind', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'log')
  for (const failing of ['truncate', 'write', 'sync'] as const) {
    for (const nth of failing === 'sync' ? [1, 2] : [1]) {
      const { fs: watched } = watchedFs((method, count) => {
        if (method === failing && count === nth) throw failureOf('EIO')
      })
      t.match(await rejectionOf(LogWriter.open(path, { fs: watched })), { code: 'EIO' })
      t.same(nodeFs.readdirSync(directory), [], `${failing} ${nth}`)
      nodeFs.writeFileSync(path, '')
      const { fs: again } = watchedFs((method, count) => {
        if (method === failing && count === nth) throw failureOf('EIO')
      })
      t.match(await rejectionOf(LogWriter.open(path, { fs: again })), { code: 'EIO' })
      t.same(nodeFs.readdirSync(directory), ['log'], 'one that was there stays')
      nodeFs.unlinkSync(path)
    }
  }
})
