/** PageFile: reads and writes of pages, sharing, visibility of writes, free pages. */
import fs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { memfs } from 'memfs'
import t from 'tap'
import type { Test } from 'tap'
import { Context, Page, PageFile } from 'caio'
import type { BackendName, PageFileOptions, PageFs } from 'caio'
import { LinkedQueue } from '../../../../lib/common/linked-queue.js'
import { PageCache } from '../../../../lib/toolkit/pages/cache.js'
import type { Frame } from '../../../../lib/toolkit/pages/cache.js'
import {
  isFuse,
  makeContext,
  onEveryBackend,
  rejectionOf,
  requiredBackends,
  runProgram,
  temporaryDirectory,
} from '../../../support/harness.js'
import { ManualBackend } from '../../../support/manual-backend.js'

t.setTimeout(120_000)

const PAGE = 4096
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Content of a page, with its number. */
const content = (number: number, size = PAGE): Buffer => Buffer.alloc(size, `page ${number} `)

/** Reads a page's content, and releases it. */
async function read(file: PageFile, number: number, options = {}): Promise<string> {
  const page = await file.page(number, options)
  try {
    return page.bytes.toString('latin1', 0, 12).split(' ').slice(0, 2).join(' ')
  } finally {
    page.release()
  }
}

/** A file with so many pages, closed when the test ends. */
async function made(t: Test, pages: number, options: PageFileOptions = {}): Promise<{ file: PageFile; path: string }> {
  const path = join(temporaryDirectory(t), 'pages')
  const file = await PageFile.open(path, options)
  t.teardown(() => file.close())
  const all = Array.from({ length: pages }, (_, number) => content(number, file.contentSize))
  if (pages > 0) await file.write(0, Buffer.concat(all))
  return { file, path }
}

onEveryBackend(t, 'pages are written, read, and there when the file is opened again', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const checksum of [false, true]) {
    const path = join(temporaryDirectory(t), 'pages')
    const options = { checksum, context, cacheBytes: 8 * PAGE }
    const file = await PageFile.open(pathToFileURL(path), options)
    t.match(file, { path, pageSize: PAGE, contentSize: checksum ? PAGE - 4 : PAGE, pages: 0 })
    for (let number = 0; number < 30; number++) {
      t.equal(file.allocate(), number)
      await file.write(number, content(number, file.contentSize), { dsync: number === 29 })
    }
    const run = Buffer.concat([30, 31, 32].map((number) => content(number, file.contentSize)))
    await file.write(file.allocate(3), run)
    await file.sync()
    await file.close()
    t.equal(fs.statSync(path).size, 33 * PAGE)
    t.equal(fs.readFileSync(path, 'latin1').slice(31 * PAGE, 31 * PAGE + 7), 'page 31')
    // A crash in the middle of a write leaves part of a page.
    fs.appendFileSync(path, 'torn')
    const again = await PageFile.open(Buffer.from(path), options)
    t.equal(again.pages, 33)
    for (let number = 32; number >= 0; number--) {
      const page = await again.page(number)
      t.type(page, Page)
      t.equal(page.number, number)
      if (!page.bytes.equals(content(number, again.contentSize))) t.fail(`page ${number}`)
      page.release()
    }
    t.equal(again.allocate(), 33)
    await again.write(33, content(33, again.contentSize))
    t.equal(await read(again, 33), 'page 33')
    t.match(again.stats(), { pages: 34, frames: 8, cached: 8, misses: 33, writes: 1 })
    await again.close()
  }
})

onEveryBackend(t, 'other sizes of pages', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const pageSize of [512, 1024, 65_536, 1_048_576]) {
    const { file } = await made(t, 10, { pageSize, context, checksum: true, cacheBytes: 8 * pageSize })
    for (const number of [3, 0, 9, 1, 5, 2, 4, 7, 6, 8]) t.equal(await read(file, number), `page ${number}`)
  }
})

t.test('a page is held until it is released', async (t) => {
  const { file } = await made(t, 2)
  {
    using page = await file.page(1)
    t.equal(page.bytes.toString('latin1', 0, 6), 'page 1')
    const other = page.retain()
    page.release()
    t.throws(() => page.bytes, { code: 'ERR_INVALID_STATE' })
    t.throws(() => page.release(), { code: 'ERR_INVALID_STATE' })
    t.throws(() => page.retain(), { code: 'ERR_INVALID_STATE' })
    t.ok(other.bytes.equals(content(1)))
    other[Symbol.dispose]()
    other[Symbol.dispose]()
  }
  const cached = file.cached(1)
  t.ok(cached?.bytes.equals(content(1)))
  cached?.release()
  t.equal(file.cached(7), undefined)
})

t.test('one read for all who ask, each with a signal of his own', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual })
  const { path } = await made(t, 20)
  const file = await PageFile.open(path, { context, direct: false })
  const [first, second] = [new AbortController(), new AbortController()]
  const [one, two, three] = [
    file.page(7, { signal: first.signal }),
    file.page(7),
    file.page(7, { signal: second.signal }),
  ]
  await turn()
  t.equal(manual.held.length, 1)
  first.abort(new Error('enough'))
  t.match(await rejectionOf(one), { name: 'AbortError', code: 'ABORT_ERR', cause: { message: 'enough' } })
  t.match(await rejectionOf(file.page(7, { signal: first.signal })), { code: 'ABORT_ERR' })
  manual.complete()
  const [a, b] = [await two, await three]
  t.equal(a.bytes, b.bytes, 'the same memory')
  t.match(file.stats(), { misses: 1, shared: 2 })
  a.release()
  b.release()

  // No caller waits any more: a read that has not begun is taken back, and the page can be read anew.
  const controllers = [new AbortController(), new AbortController()]
  const gone = controllers.map(({ signal }) => file.page(8, { signal }))
  await turn()
  t.equal(manual.held.length, 1)
  controllers[0]?.abort()
  t.equal(manual.held.length, 1, 'somebody waits')
  controllers[1]?.abort()
  t.equal(manual.held.length, 0)
  for (const each of gone) t.match(await rejectionOf(each), { code: 'ABORT_ERR' })
  const anew = file.page(8)
  await turn()
  manual.complete()
  ;(await anew).release()

  // A read that has begun continues, and the page is cached.
  manual.cancel = () => false
  const late = new AbortController()
  const begun = file.page(9, { signal: late.signal })
  await turn()
  late.abort()
  t.match(await rejectionOf(begun), { code: 'ABORT_ERR' })
  manual.complete()
  t.ok(file.cached(9))

  // A caller without a signal, after all others have gone.
  manual.cancel = ManualBackend.prototype.cancel.bind(manual)
  const leaving = new AbortController()
  const left = file.page(10, { signal: leaving.signal })
  const stays = file.page(10)
  await turn()
  leaving.abort()
  t.match(await rejectionOf(left), { code: 'ABORT_ERR' })
  manual.complete()
  t.type(await stays, Page)
  const closing = file.close()
  t.equal(manual.held.length, 0)
  await closing
  await context.close()
})

onEveryBackend(t, 'a checksum that fails names file and page', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file, path } = await made(t, 20, { checksum: true, context })
  await file.close()
  const bytes = fs.readFileSync(path)
  const flipped = 4 * PAGE + 1000
  bytes.writeUInt8(bytes.readUInt8(flipped) ^ 1, flipped)
  bytes.copy(bytes, 6 * PAGE, 5 * PAGE, 6 * PAGE) // page 5, where 6 should be
  bytes.fill(0, 7 * PAGE, 8 * PAGE)
  fs.writeFileSync(path, bytes)
  const again = await PageFile.open(path, { checksum: true, context })
  t.teardown(() => again.close())
  const damaged = { code: 'ERR_CAIO_PAGE_DAMAGED', path }
  for (const number of [4, 6, 7]) {
    const asked = [again.page(number), again.page(number), again.page(number, { signal: new AbortController().signal })]
    for (const each of asked) {
      t.match(await rejectionOf(each), { ...damaged, page: number, message: `Page ${number} of ${path} is damaged: ` })
    }
  }
  t.match(await rejectionOf(again.page(7)), { message: /never written/ })
  t.equal(await read(again, 5), 'page 5')
  const seen: number[] = []
  const failure = await rejectionOf(
    (async () => {
      for await (const { number } of again.scan(0)) seen.push(number)
    })(),
  )
  t.match(failure, { ...damaged, page: 4 }, 'in a scan, too')
  t.same(seen, [0, 1, 2, 3])
  await again.write(4, content(4, again.contentSize))
  t.equal(await read(again, 4), 'page 4', 'written anew, it is whole')
})

onEveryBackend(t, 'what cannot be read', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file, path } = await made(t, 3, { context })
  const bad: [unknown, string][] = [
    [3, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [0.5, 'ERR_OUT_OF_RANGE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [number, code] of bad) t.match(await rejectionOf(file.page(number as number)), { code })
  file.allocate(2)
  const unwritten = { code: 'ERR_CAIO_SHORT_READ', path, page: 4 }
  const asked = [file.page(4), file.page(4), file.page(4, { signal: new AbortController().signal })]
  for (const each of asked) t.match(await rejectionOf(each), unwritten)
  fs.truncateSync(path, 2 * PAGE + 1024)
  await file.close()
  const cut = await PageFile.open(path, { context })
  t.teardown(() => cut.close())
  t.equal(cut.pages, 2)
  await cut.write(5, content(5))
  // By another process, while it is open.
  fs.truncateSync(path, 4 * PAGE + 512)
  t.match(await rejectionOf(cut.page(4)), { code: 'ERR_CAIO_SHORT_READ', page: 4 })
  t.ok((await cut.page(3)).bytes.equals(Buffer.alloc(PAGE)), 'one that was left out reads as zeros')
})

onEveryBackend(t, 'what is seen of writes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file, path } = await made(t, 40, { context, cacheBytes: 16 * PAGE })
  const held = await file.page(3)
  const late = content(103)
  const writing = file.write(3, late)
  const during = await file.page(3)
  t.ok(during.bytes.equals(content(3)), 'a page in the cache is as it was until the write fulfils')
  await writing
  const after = await file.page(3)
  t.ok(after.bytes.equals(late))
  t.ok(held.bytes.equals(content(3)), 'what is held does not change')
  for (const each of [held, during, after]) each.release()

  // Pages that are not cached, one of them being read.
  for (let number = 10; number < 40; number++) await read(file, number)
  t.equal(file.cached(1), undefined)
  const reading = read(file, 1)
  const written = file.write(1, content(101))
  t.equal(await reading, 'page 1', 'who asked before')
  await written
  const second = file.write(2, content(102))
  t.equal(await read(file, 2), 'page 102', 'who asks meanwhile waits')
  await second

  // The last write stays.
  await Promise.all(Array.from({ length: 20 }, (_, at) => file.write(5, content(200 + at))))
  t.equal(await read(file, 5), 'page 219')
  await Promise.all([
    file.write(6, content(300)),
    file.write(5, Buffer.concat([content(301), content(302), content(303)])),
    file.write(7, content(304)),
  ])
  t.same(await Promise.all([5, 6, 7].map((number) => read(file, number))), ['page 301', 'page 302', 'page 304'])
  await file.close()
  const bytes = fs.readFileSync(path, 'latin1')
  t.same(
    [5, 6, 7].map((number) => bytes.slice(number * PAGE, number * PAGE + 8)),
    ['page 301', 'page 302', 'page 304'],
  )
})

t.test('a write that fails', async (t) => {
  const { file, path } = await made(t, 3)
  await file.close()
  const readable = await PageFile.open(path, { readOnly: true })
  t.teardown(() => readable.close())
  using before = await readable.page(1)
  const signal = AbortSignal.abort()
  t.match(await rejectionOf(readable.write(1, content(9))), { code: 'EBADF', syscall: 'write' })
  t.equal(await read(readable, 1), 'page 1', 'as the file has it')
  t.equal(readable.stats().misses, 2, 'from which it is read again')
  t.ok(before.bytes.equals(content(1)))
  t.match(await rejectionOf(readable.write(1, content(9), { signal })), { code: 'ABORT_ERR' })
  for (const data of [Buffer.alloc(0), Buffer.alloc(100), Buffer.alloc(PAGE + 1)]) {
    t.match(await rejectionOf(readable.write(1, data)), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.match(await rejectionOf(readable.write(1, 'text' as unknown as Buffer)), { code: 'ERR_INVALID_ARG_TYPE' })
  t.match(await rejectionOf(readable.write(-1, content(1))), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(PageFile.open(join(path, 'x'), { readOnly: true })), { code: 'ENOTDIR' })
  t.match(await rejectionOf(PageFile.open(`${path}-no`, { readOnly: true })), { code: 'ENOENT' })
})

onEveryBackend(t, 'a write can be aborted', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file } = await made(t, 4, { context })
  const controller = new AbortController()
  const first = file.write(1, content(101))
  const second = file.write(1, content(102), { signal: controller.signal })
  controller.abort()
  await first
  t.match(await rejectionOf(second), { code: 'ABORT_ERR' })
  t.equal(await read(file, 1), 'page 101')
})

t.test('who waits for room in the cache', async (t) => {
  const { file } = await made(t, 30, { cacheBytes: 8 * PAGE })
  const held = await Promise.all(Array.from({ length: 8 }, (_, number) => file.page(number)))
  const controller = new AbortController()
  const [aborted, patient, next] = [
    file.page(10, { signal: controller.signal }),
    file.page(11),
    file.page(11, { signal: new AbortController().signal }),
  ]
  await turn()
  t.equal(file.stats().waiting, 3)
  // A held page does not block writers.
  await file.write(0, content(100))
  await file.write(20, content(120))
  t.ok(held[0]?.bytes.equals(content(0)))
  controller.abort()
  t.match(await rejectionOf(aborted), { code: 'ABORT_ERR' })
  held[1]?.release()
  held[2]?.release()
  const [one, other] = [await patient, await next]
  t.equal(one.bytes, other.bytes, 'both asked for one page')
  t.ok(one.bytes.equals(content(11)))
  t.equal(file.stats().waiting, 0)
  t.equal(await read(file, 20), 'page 120', 'the other frame is free')
  using last = await file.page(21)
  const waits = file.page(23)
  await turn()
  t.equal(file.stats().waiting, 1)
  const closing = file.close()
  t.match(await rejectionOf(waits), { code: 'ERR_INVALID_STATE' })
  await closing
  t.ok(held[5]?.bytes.equals(content(5)), 'what is held stays good')
  t.ok(last.bytes.equals(content(21)))
  for (const each of [...held, one, other]) each[Symbol.dispose]()
})

onEveryBackend(t, 'close waits', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file, path } = await made(t, 10, { context })
  await file.close()
  const again = await PageFile.open(path, { context })
  const pending = [again.page(1), again.write(2, content(102)), again.sync(), again.page(3)] as const
  const closing = again.close()
  t.equal(again.close(), closing)
  await closing
  const [page] = await Promise.all(pending)
  t.ok(page.bytes.equals(content(1)))
  t.equal(fs.readFileSync(path, 'latin1').slice(2 * PAGE, 2 * PAGE + 8), 'page 102')
  for (const call of [
    () => again.page(1),
    () => again.write(1, content(1)),
    () => again.sync(),
    async () => again.allocate(),
    async () => again.free(1),
    async () => again.reclaim([]),
    async () => again.scan(0).next(),
  ]) {
    t.match(await rejectionOf(call()), { code: 'ERR_INVALID_STATE' })
  }
  t.equal(again.cached(1), undefined)
})

onEveryBackend(t, 'a scan', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file } = await made(t, 200, { context, cacheBytes: 64 * PAGE })
  for (const readahead of [undefined, 0, 1, 7, 10_000]) {
    for (const [from, to] of [
      [0, undefined],
      [150, undefined],
      [10, 11],
      [5, 100],
      [7, 7],
      [500, undefined],
      [190, 5000],
    ] as const) {
      const numbers: number[] = []
      for await (const page of file.scan(from, { to, readahead })) {
        if (!page.bytes.equals(content(page.number))) t.fail(`page ${page.number}`)
        numbers.push(page.number)
      }
      const end = Math.min(to ?? 200, 200)
      t.same(
        numbers,
        Array.from({ length: Math.max(0, end - from) }, (_, at) => from + at),
      )
    }
  }
  file.free(20, 3)
  const kept: Page[] = []
  for await (const page of file.scan(18)) {
    if (kept.length === 3) break
    kept.push(page.retain())
  }
  t.same(
    kept.map(({ number, bytes }) => bytes.equals(content(number)) && number),
    [18, 19, 23],
    'free pages are left out, and what is retained is kept',
  )
  for (const page of kept) page.release()
  const controller = new AbortController()
  const scan = file.scan(0, { signal: controller.signal })
  await scan.next()
  controller.abort()
  t.match(await rejectionOf(scan.next()), { code: 'ABORT_ERR' })
  for (const options of [{ to: -1 }, { readahead: -1 }, { readahead: 0.5 }]) {
    t.match(await rejectionOf(file.scan(0, options).next()), { code: 'ERR_OUT_OF_RANGE' })
  }
  // Several pages by one read.
  const reads = context.stats().operations
  await made(t, 0)
  const before = reads.readv
  for await (const page of file.scan(100, { readahead: 16 })) void page
  const { readv } = context.stats().operations
  t.ok(readv - before >= 5 && readv - before <= 14, `${readv - before} reads of several pages`)
})

t.test('a scan passes over a page that is freed while it waits, and allocated again', async (t) => {
  // Allocates in every microtask in which the scan may notice it.
  for (let turns = 1; turns < 12; turns++) {
    const { file } = await made(t, 2)
    const written = file.write(0, content(0))
    const scanning = file.scan(0, { readahead: 0 }).next()
    file.free(0)
    await written
    for (let at = 0; at < turns; at++) await undefined
    t.equal(file.allocate(), 0)
    const { value } = await scanning
    t.equal(value?.number, 1, `after ${turns}`)
    value?.release()
  }
})

t.test('a scan does not empty the cache', async (t) => {
  const { file } = await made(t, 400, { cacheBytes: 64 * PAGE })
  const popular = Array.from({ length: 32 }, (_, number) => number)
  for (let round = 0; round < 2; round++) for (const number of popular) await read(file, number)
  for await (const page of file.scan(100)) void page
  const kept = popular.map((number) => file.cached(number)).filter((page) => page !== undefined)
  t.equal(kept.length, 32)
  for (const page of kept) page.release()
})

t.test('what is asked for again stays', async (t) => {
  const { file } = await made(t, 1000, { cacheBytes: 64 * PAGE })
  // A fifth of the cache, between pages that are read once.
  for (let at = 0; at < 900; at++) {
    await read(file, at % 12)
    await read(file, 100 + at)
  }
  t.equal(file.stats().misses, 912)
})

t.test('a miss costs the same however many pages are in the cache, and held', async (t) => {
  let touched = 0
  const { remove } = LinkedQueue.prototype
  LinkedQueue.prototype.remove = function (entry) {
    touched++
    return remove.call(this, entry)
  }
  t.teardown(() => (LinkedQueue.prototype.remove = remove))
  for (const frames of [64, 8192]) {
    const cache = new PageCache('file', frames, { pageSize: 512, contentSize: 512, alignment: 512 })
    const load = (number: number): Frame => {
      const frame = cache.take() as Frame
      cache.set(number, frame)
      cache.loaded(frame)
      return frame
    }
    const first = Array.from({ length: frames }, (_, number) => load(number))
    // Half of them held, the others read again.
    for (const [at, frame] of first.entries()) {
      if (at % 2 === 0) frame.pins++
      else frame.isReferenced = true
    }
    for (let number = frames; number < 3 * frames; number++) load(number)
    touched = 0
    for (let number = 3 * frames; number < 13 * frames; number++) load(number)
    t.ok(touched <= 20 * frames, `${frames} frames: ${touched} steps for ${10 * frames} misses`)
    t.ok(first.every((frame, at) => at % 2 === 1 || cache.get(at) === frame))
  }
})

t.test('which pages are free', async (t) => {
  const { file, path } = await made(t, 10)
  t.same([file.pages, file.freePages], [10, 0])
  t.equal(file.allocate(), 10)
  t.equal(file.allocate(4), 11)
  file.free(11, 4)
  file.free(3)
  t.equal(file.freePages, 5)
  t.equal(file.allocate(2), 11, 'a run')
  t.equal(file.allocate(), 3, 'the lowest')
  t.equal(file.allocate(3), 15, 'no three in a row are free')
  t.throws(() => file.free(13), { code: 'ERR_INVALID_STATE', message: /page 13 is free already/ })
  t.throws(() => file.free(18), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => file.allocate(0), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(file.page(13)), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(file.write(13, content(13))), { code: 'ERR_INVALID_STATE' })
  using held = await file.page(5)
  file.free(5)
  t.ok(held.bytes.equals(content(5)), 'what is held stays')
  t.equal(file.cached(5), undefined)
  t.equal(file.allocate(), 5)
  await file.close()

  const again = await PageFile.open(path)
  t.teardown(() => again.close())
  t.equal(again.freePages, 0, 'nothing is known of free pages')
  t.equal(again.allocate(), 10)
  t.throws(() => again.reclaim([1, 11]), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => again.reclaim([[1, 0]]), { code: 'ERR_OUT_OF_RANGE' })
  t.equal(again.freePages, 0, 'a call that fails changes nothing')
  await read(again, 4)
  t.equal(again.reclaim(new Set([1, 2, 9])), 8)
  t.equal(again.cached(4), undefined)
  t.equal(again.reclaim([[0, 3], 9, 1, [8, 2]]), 6)
  t.equal(again.allocate(5), 3)
  t.equal(again.allocate(), 10)
  t.equal(again.allocate(), 11)
})

t.test('by O_DIRECT where that is to be had', { skip: process.platform !== 'linux' && 'Linux only' }, async (t) => {
  const directory = temporaryDirectory(t)
  const flags = (path: string): number => {
    const fd = fs.readdirSync('/proc/self/fd').find((name) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${name}`) === path
      } catch {
        return false
      }
    })
    return parseInt(/^flags:\s+(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8)
  }
  for (const backend of requiredBackends) {
    const context = makeContext(t, backend)
    for (const direct of ['auto', false] as const) {
      const path = join(directory, `${backend}-${direct}`)
      const file = await PageFile.open(path, { direct, context })
      t.equal(file.stats().direct, (flags(path) & fs.constants.O_DIRECT) !== 0, file.stats().notDirect ?? 'it is')
      if (!isFuse) t.equal(file.stats().direct, direct === 'auto')
      if (direct === false) t.equal(file.stats().notDirect, 'options.direct is false')
      // From unaligned memory, too.
      await file.write(0, content(0, 3 * PAGE + 1).subarray(1))
      await file.write(1, content(9, PAGE + 1).subarray(1))
      t.match((await file.page(1)).bytes.toString('latin1', 0, 10), 'age 9 page')
      await file.close()
    }
  }
  const version = await PageFile.open('/proc/version', { readOnly: true })
  t.match(version.stats(), { direct: false, notDirect: 'its file system has no O_DIRECT', pages: 0 })
  await version.close()
  t.match(await rejectionOf(PageFile.open('/proc/version', { readOnly: true, direct: true })), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

t.test('what open refuses', async (t) => {
  const path = join(temporaryDirectory(t), 'pages')
  const cases: [PageFileOptions, string][] = [
    [{ pageSize: 1000 }, 'ERR_OUT_OF_RANGE'],
    [{ pageSize: 256 }, 'ERR_OUT_OF_RANGE'],
    [{ pageSize: 2 ** 21 }, 'ERR_OUT_OF_RANGE'],
    [{ cacheBytes: 7 * PAGE }, 'ERR_OUT_OF_RANGE'],
    [{ direct: 'yes' as 'auto' }, 'ERR_INVALID_ARG_VALUE'],
    [{ mode: '0o666' as unknown as number }, 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [options, code] of cases) t.match(await rejectionOf(PageFile.open(path, options)), { code })
  t.equal(fs.existsSync(path), false)
})

t.test('the files of another fs', async (t) => {
  const { fs: memory, vol } = memfs({ '/directory/kept': 'x'.repeat(2 * PAGE) })
  const options = { fs: memory.promises as unknown as PageFs, checksum: true, cacheBytes: 8 * PAGE }
  const file = await PageFile.open('/directory/pages', options)
  t.match(file.stats(), { direct: false, notDirect: 'the files are those of options.fs' })
  for (let number = 0; number < 20; number++) await file.write(file.allocate(), content(number, file.contentSize))
  await file.sync()
  for (let number = 0; number < 20; number++) t.equal(await read(file, number), `page ${number}`)
  for await (const page of file.scan(0)) t.ok(page.bytes.equals(content(page.number, file.contentSize)))
  await file.close()
  t.equal((vol.readFileSync('/directory/pages') as Buffer).length, 20 * PAGE)
  t.match(await rejectionOf(PageFile.open('/directory/pages', { ...options, direct: true })), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

onEveryBackend(t, 'a loop of hits does not hold the event loop', async (t, backend: BackendName) => {
  const { file } = await made(t, 4, { context: makeContext(t, backend) })
  await read(file, 1)
  let isDue = false
  setTimeout(() => (isDue = true), 1)
  // Ends only if the timer fires.
  let hits = 0
  while (!isDue && hits < 3_000_000) {
    ;(await file.page(1)).release()
    hits++
  }
  t.ok(isDue, `the timer came after ${hits} hits`)
})

t.test('pages that are lost are told of', async (t) => {
  const ended = await runProgram(new URL('../../programs/lost-pages.js', import.meta.url), [temporaryDirectory(t)], {
    nodeArgs: ['--expose-gc'],
  })
  t.match(ended, { code: 0, stdout: 'told once\n' })
})
