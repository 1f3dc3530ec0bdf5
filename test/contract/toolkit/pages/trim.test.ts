/** PageFile.trim: returns the space of free pages to the file system, and changes nothing else. */
import fs from 'node:fs'
import { join } from 'node:path'
import { memfs } from 'memfs'
import t from 'tap'
import type { Test } from 'tap'
import { Context, PageFile } from 'caio'
import type { PageFileOptions, PageFs } from 'caio'
import { FreePages } from '../../../../lib/toolkit/pages/free-pages.js'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../../../support/harness.js'
import { ManualBackend } from '../../../support/manual-backend.js'
import { random } from '../../../support/seeded-random.js'

const PAGE = 4096
const PAGES = 200

const content = (number: number): Buffer => Buffer.alloc(PAGE, `page ${number} `)

async function made(t: Test, options: PageFileOptions): Promise<{ file: PageFile; path: string }> {
  const path = join(temporaryDirectory(t), 'pages')
  fs.writeFileSync(path, Buffer.concat(Array.from({ length: PAGES }, (_, number) => content(number))))
  const file = await PageFile.open(path, options)
  t.teardown(() => file.close())
  return { file, path }
}

/** bytes that the file occupies in its file system */
function occupied(path: string): number {
  const fd = fs.openSync(path, 'r')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
  return fs.statSync(path).blocks * 512
}

onEveryBackend(t, 'free pages lose their space, and are given again', async (t, backend) => {
  const { file, path } = await made(t, { context: makeContext(t, backend) })
  file.free(20, 100)
  file.free(150, 15)
  if (backend === 'pure') return void t.match(await rejectionOf(file.trim()), { code: 'ENOSYS' })
  const before = occupied(path)
  t.equal(await file.trim(), 100, 'of few pages the space stays')
  t.equal(before - occupied(path), 100 * PAGE)
  t.equal(fs.statSync(path).size, PAGES * PAGE, 'the file is as long as before')
  t.match(file.stats(), { pages: PAGES, free: 115 })
  for (const number of [0, 19, 120, 149, 150, 199]) {
    const bytes = Buffer.alloc(PAGE)
    const fd = fs.openSync(path, 'r')
    fs.readSync(fd, bytes, 0, PAGE, number * PAGE)
    fs.closeSync(fd)
    t.ok(bytes.equals(content(number)), `page ${number} is there`)
  }
  t.equal(file.allocate(100), 20)
  await file.write(20, content(7))
  t.ok(
    fs
      .readFileSync(path)
      .subarray(20 * PAGE, 21 * PAGE)
      .equals(content(7)),
  )
  t.equal(await file.trim(), 0, 'and stays where pages are in use')
  await file.close()
  t.match(await rejectionOf(file.trim()), { code: 'ERR_INVALID_STATE' })
})

void t.test('what is being given back is not allocated meanwhile', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual })
  const { file } = await made(t, { context, direct: false })
  file.free(20, 100)
  const trimming = Promise.all([file.trim(), file.trim()])
  while (manual.held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  t.match(manual.held, [{ offset: 20 * PAGE, length: 100 * PAGE }], 'one after the other')
  t.equal(file.allocate(), PAGES, 'behind the end')
  t.equal(file.allocate(3), PAGES + 1)
  t.equal(file.freePages, 100)
  t.throws(() => file.reclaim([1]), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(file.page(20)), { code: 'ERR_INVALID_STATE' })
  file.free(150, 20)
  t.equal(file.allocate(20), 150, 'what is not given back is')
  manual.complete(1, 0)
  while (manual.held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  manual.complete(1, 0)
  t.same(await trimming, [100, 100])
  t.equal(file.allocate(), 20)
  t.equal(file.reclaim([1]), file.pages - 1)
})

void t.test('a failure, and a signal, end it, and nothing is lost', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual })
  const { file, path } = await made(t, { context, direct: false })
  file.free(20, 100)
  const trimming = file.trim()
  while (manual.held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  manual.complete(1, -95)
  t.match(await rejectionOf(trimming), { code: 'ENOTSUP', syscall: 'fallocate' })
  t.equal(file.allocate(), 20)
  t.match(await rejectionOf(file.trim({ signal: AbortSignal.abort() })), { code: 'ABORT_ERR' })
  const { fs: memory } = memfs({ '/pages': fs.readFileSync(path).toString('latin1') })
  const other = await PageFile.open('/pages', { fs: memory.promises as unknown as PageFs })
  other.free(20, 100)
  t.match(await rejectionOf(other.trim()), { code: 'ENOSYS' })
  await other.close()
})

void t.test('runs of free pages', async (t) => {
  const next = random(1)
  for (let round = 0; round < 200; round++) {
    const free = new FreePages()
    const model = new Set<number>()
    const start = next(40_000)
    for (let at = 0; at < 40; at++) {
      const [first, count] = [start + next(40_000), 1 + next(200)]
      if (free.firstOf(first, count) >= 0) continue
      free.add(first, count)
      for (let page = first; page < first + count; page++) model.add(page)
    }
    const [least, most] = [1 + next(50), 60 + next(100)]
    const from = start + next(1000)
    const found: number[] = []
    let run
    for (let at = from; (run = free.withhold(at, least, most)); at = run[0] + run[1]) {
      found.push(...run)
      const isKept = free.count === model.size && free.has(run[0])
      const other = free.take(run[1])
      const isApart = other < 0 || other + run[1] <= run[0] || other >= run[0] + run[1]
      if (!isKept || !isApart) t.fail(`round ${round}: ${other} is given beside ${run.join()}`)
      if (other >= 0) free.add(other, run[1])
      free.restore()
    }
    const expected: number[] = []
    for (let page = from; page < start + 41_000; page++) {
      let count = 0
      while (count < most && model.has(page + count)) count++
      if (count >= least) expected.push(page, count)
      page += count >= least ? count - 1 : count
    }
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      t.same(found, expected, `round ${round}: from ${from}, ${least} to ${most}`)
      return
    }
  }
  t.pass('as in a model')
})
