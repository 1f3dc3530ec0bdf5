/**
 * Other options of LogWriter.open: records during its scan, space ahead, a Context; and records
 * written without a commit.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { LogReader, LogWriter, writeFileAtomic } from 'caio'
import type { LogRecord } from 'caio'
import { makeFirstFormat, watchedFs } from '../../../support/made-logs.js'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../../../support/harness.js'

async function read(path: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const record of new LogReader(path)) records.push(record)
  return records
}

/** Sizes around that of the scan's window. */
const sizes = [0, 1, 100, 4096, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20, 5]

onEveryBackend(t, 'each record during the only scan', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context })
  for (const [at, size] of sizes.entries()) log.append(Buffer.alloc(size, at))
  await log.close()
  fs.appendFileSync(path, 'torn')
  const before = context.stats().bytesRead
  const records: LogRecord[] = []
  let waiting = 0
  const again = await LogWriter.open(pathToFileURL(path), {
    context,
    async onRecord(record) {
      records.push(record)
      t.equal(waiting++, 0)
      await Promise.resolve()
      waiting--
    },
  })
  t.same(again.recovered.records, sizes.length)
  t.equal(again.recovered.torn, 4)
  const { size } = fs.statSync(path)
  const taken = context.stats().bytesRead - before
  t.ok(taken < 3 * size, `${taken} bytes were read of ${size}: large records twice, for their checksum first`)
  await again.close()
  t.same(records, await read(path))
  t.same(
    records.map(({ content }) => content.length),
    sizes,
  )
  const failing = LogWriter.open(path, { onRecord: () => Promise.reject(new Error('of the program')) })
  t.match(await rejectionOf(failing), { message: 'of the program' })
})

onEveryBackend(t, 'flush, appendv, and records that nobody commits', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context })
  const syncs = (): number => context.stats().operations.fdsync + context.stats().operations.fsync
  const before = syncs()
  log.appendv([Buffer.from('one '), new Uint8Array(0), Buffer.from('record')])
  t.same(await read(path), [], 'is in memory')
  await Promise.all([log.flush(), log.flush()])
  await log.flush()
  t.same(
    (await read(path)).map(({ content }) => String(content)),
    ['one record'],
  )
  t.equal(syncs(), before)
  t.ok(log.durable < log.end)
  log.append('another')
  await log.commit()
  t.equal(log.durable, log.end, 'with what was flushed before')
  t.ok(syncs() > before)
  t.throws(() => log.appendv('x' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => log.appendv([1] as never), { code: 'ERR_INVALID_ARG_TYPE' })
  log.append('committed by close')
  await log.close()
  t.match(await rejectionOf(log.flush()), { code: 'ERR_INVALID_STATE' })
  t.equal((await read(path)).length, 3)
})

onEveryBackend(t, 'zeros ahead are no part of the log', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context, preallocate: 2 ** 20 })
  log.append('flushed')
  await log.flush()
  t.equal(fs.statSync(path).size, log.end, 'none before the first commit')
  log.append('content')
  await log.commit()
  const { size } = fs.statSync(path)
  t.ok(size >= log.end + 2 ** 20, `${size} bytes`)
  for (let at = 0; at < 20; at++) {
    log.append(Buffer.alloc(1000, at))
    await log.commit()
  }
  t.equal(fs.statSync(path).size, size, 'records go over them')
  const reader = new LogReader(path, { context })
  for await (const record of reader) t.ok(record.content.length > 0)
  t.match(reader.end, { position: log.end, records: 22, torn: 0, problem: undefined })
  // What a crash leaves is opened as a log that ends there, whether tears are refused or not.
  const copy = `${path}-2`
  fs.copyFileSync(path, copy)
  const again = await LogWriter.open(copy, { context, torn: 'refuse', preallocate: 100_000 })
  t.match(again.recovered, { position: log.end, records: 22, torn: 0, problem: undefined })
  t.notOk(again.recovered.kept)
  t.equal(fs.statSync(copy).size, log.end, 'without them')
  again.append(Buffer.alloc(50_000))
  await again.commit()
  t.equal(fs.statSync(copy).size, again.end, 'a large record needs none')
  await again.close()
  await log.close()
  t.equal(fs.statSync(path).size, log.end, 'and are cut off at the end')
  t.equal((await read(path)).length, 22)
})

onEveryBackend(t, 'a log that is written over zeros while it is read', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context, preallocate: 2 ** 22 })
  let count = 0
  const write = async (until: number): Promise<void> => {
    while (count < until) {
      log.append(`record ${count++} `.padEnd(300, 'x'))
      await log.commit()
    }
  }
  for (const damaged of ['stop', 'skip'] as const) {
    await write(count + 10)
    const reader = new LogReader(path, { context, damaged })
    const read: string[] = []
    for await (const { content } of reader) {
      read.push(String(content).trimEnd().replace(/ x*$/, ''))
      // The window that the reader has holds zeros where these go.
      if (read.length === 5) await write(count + 200)
    }
    t.same(
      read,
      Array.from({ length: count }, (_, at) => `record ${at}`),
      'all of it is read',
    )
    t.match(reader.end, { records: count, torn: 0, problem: undefined })
    t.notOk(reader.end?.damage)
  }
  await log.close()
})

onEveryBackend(t, 'a tear before zeros', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context, preallocate: 2 ** 16 })
  log.append('whole')
  await log.commit()
  const { end } = log
  const torn = `${path}-torn`
  fs.copyFileSync(path, torn)
  await log.close()
  const file = fs.openSync(torn, 'r+')
  fs.writeSync(file, 'some bytes', end)
  fs.closeSync(file)
  t.match(await rejectionOf(LogWriter.open(torn, { context, torn: 'refuse' })), { code: 'ERR_CAIO_LOG_TORN' })
  const again = await LogWriter.open(torn, { context })
  t.match(again.recovered, { position: end, records: 1, torn: 10, problem: 'length' })
  await again.close()
  t.equal(fs.statSync(torn).size, end)
})

t.test('a failed sync of zeros is one of the log: it may be that of records before them', async (t) => {
  let isArmed = true
  const { fs: failing } = watchedFs((method) => {
    if (method !== 'datasync' || !isArmed) return undefined
    isArmed = false // it would work if it were tried again
    throw Object.assign(new Error('lost'), { code: 'EIO' })
  })
  const log = await LogWriter.open(join(temporaryDirectory(t), 'log'), { fs: failing, preallocate: 2 ** 16 })
  log.append('flushed, and not durable')
  await log.flush()
  const { durable } = log
  log.append('another')
  t.match(await rejectionOf(log.commit()), { code: 'EIO' })
  t.equal(log.durable, durable)
  t.match(await rejectionOf(log.commit()), { code: 'ERR_CAIO_LOG_FAILED' })
  await log.close().catch(() => undefined)
})

t.test('a log in the first format gets no zeros', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  makeFirstFormat(path, [Buffer.from('one')])
  const log = await LogWriter.open(path, { preallocate: 2 ** 16 })
  log.append('two')
  await log.commit()
  t.equal(fs.statSync(path).size, log.end)
  await log.close()
})

onEveryBackend(t, 'a log whose zeros fail goes on without', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  let refused = 0
  const { fs: full } = watchedFs((method, _, args) => {
    if (method !== 'write' || (args[2] as number) < 4096) return undefined
    refused++
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  })
  const log = await LogWriter.open(path, { fs: full, preallocate: 2 ** 16 })
  for (let at = 0; at < 3; at++) {
    log.append('content')
    await log.commit()
  }
  t.equal(refused, 1)
  t.equal(fs.statSync(path).size, log.end, 'what was written of them is taken back')
  await log.close()
  t.match(await LogWriter.open(path, { context }).then((opened) => (void opened.close(), opened.recovered)), {
    records: 3,
    torn: 0,
  })
})

onEveryBackend(t, 'supports', async (t, backend) => {
  const { supports } = makeContext(t, backend)
  const isNative = backend !== 'pure'
  const isLinux = process.platform === 'linux'
  t.match(supports, { paths: isNative, wholeFile: isNative, append: isNative && isLinux, control: isNative && isLinux })
  t.equal(supports.cancel, isNative)
})

onEveryBackend(t, "writeFileAtomic, another module's files", async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  const opened: string[] = []
  const watched = {
    ...fs.promises,
    open: (...args: Parameters<typeof fs.promises.open>) => (opened.push(String(args[0])), fs.promises.open(...args)),
  }
  await writeFileAtomic(path, 'first', { fs: watched })
  await writeFileAtomic(pathToFileURL(path), Buffer.from('second'), { fs: watched, context, mode: 0o600 })
  t.equal(fs.readFileSync(path, 'utf8'), 'second')
  t.equal(opened.length, 4, 'each a file and the directory')
  t.equal(context.stats().operations.fsync, 2, 'by the Context, where there is one')
})
