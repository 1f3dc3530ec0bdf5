/**
 * PageFile compared with a plain list: random reads, writes, runs, aborts, scans, pages held, freed
 * and allocated, many at a time, in a cache of a few pages. CAIO_TEST_ROUNDS rounds;
 * CAIO_TEST_SEED, as printed, repeats a run.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PageFile } from 'caio'
import type { Page } from 'caio'
import { FreePages } from '../../../../lib/toolkit/pages/free-pages.js'
import { random } from '../../../support/seeded-random.js'
import { makeContext, onEveryBackend, temporaryDirectory } from '../../../support/harness.js'

const rounds = Math.ceil(Number(process.env['CAIO_TEST_ROUNDS'] ?? 8) / 4)
const seed = Number(process.env['CAIO_TEST_SEED'] ?? Date.now() % 1_000_000_000)
const PAGE = 512
const PAGES = 60
const LANES = 12
const STEPS = 60

t.setTimeout(600_000)

/** Possible contents of a page: the last one certainly written, and those whose outcome is unknown. */
interface Cell {
  possible: Set<string>
  /** reads in progress: they may also find what is written meanwhile */
  readers: Set<Set<string>>
  /** writes in progress */
  writers: number
}

const contentOf = (text: string, size: number): Buffer => Buffer.alloc(size, `${text} `)
const textOf = (bytes: Buffer): string => {
  const text = bytes.toString('latin1', 0, bytes.indexOf(32))
  return bytes.equals(contentOf(text, bytes.length)) ? text : `torn: ${text}`
}

class Model {
  readonly cells = new Map<number, Cell>()
  readonly next
  version = 0
  faults: string[] = []

  constructor(
    seed: number,
    public file: PageFile,
  ) {
    this.next = random(seed)
  }

  get size(): number {
    return this.file.contentSize
  }

  somePage(): number {
    const numbers = [...this.cells.keys()]
    return numbers[this.next(numbers.length)]!
  }

  someSignal(): AbortSignal | undefined {
    if (this.next(3) > 0) return undefined
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    if (this.next(2) === 0) setImmediate(abort)
    else void Promise.resolve().then(abort)
    return controller.signal
  }

  expect(page: Page, allowed: Set<string>, what: string): void {
    const found = textOf(page.bytes)
    if (!allowed.has(found)) this.faults.push(`${what} of page ${page.number}: ${found}, not ${[...allowed].join('|')}`)
  }

  async read(hold: boolean): Promise<void> {
    const number = this.somePage()
    const cell = this.cells.get(number)!
    const allowed = new Set(cell.possible)
    cell.readers.add(allowed)
    const signal = this.someSignal()
    const page = await this.file.page(number, { signal }).catch((error: NodeJS.ErrnoException) => {
      // Another lane may have freed it while this one waited.
      const isFree = !this.cells.has(number) && error.code === 'ERR_INVALID_STATE'
      if (!(isFree || (error.code === 'ABORT_ERR' && signal?.aborted))) this.faults.push(String(error))
    })
    cell.readers.delete(allowed)
    if (!page) return
    if (this.cells.get(number) === cell) this.expect(page, allowed, 'a read')
    const before = Buffer.from(page.bytes)
    if (hold) for (let turns = this.next(4); turns >= 0; turns--) await new Promise(setImmediate)
    if (!page.bytes.equals(before)) this.faults.push(`page ${number} has changed while it was held`)
    page.release()
  }

  async write(first: number, count: number, isNew: boolean): Promise<void> {
    const texts = Array.from({ length: count }, (_, at) => `${first + at}:${++this.version}`)
    const cells = texts.map((text, at) => {
      const cell = this.cells.get(first + at) ?? { possible: new Set(), readers: new Set(), writers: 0 }
      cell.possible.add(text)
      cell.writers++
      for (const reader of cell.readers) reader.add(text)
      if (isNew) this.cells.set(first + at, cell)
      return cell
    })
    const before = cells.map(({ possible }) => [...possible])
    const signal = isNew ? undefined : this.someSignal()
    const data = Buffer.concat(texts.map((text) => contentOf(text, this.size)))
    try {
      await this.file.write(first, data, { signal, dsync: this.next(20) === 0 })
    } catch (error) {
      // It may or may not have been written.
      if (!signal?.aborted) this.faults.push(`a write: ${String(error)}`)
      return
    } finally {
      for (const cell of cells) cell.writers--
    }
    for (const [at, { possible }] of cells.entries()) {
      for (const old of before[at]!) if (old !== texts[at]) possible.delete(old)
    }
  }

  async scan(): Promise<void> {
    const from = this.next(PAGES)
    const allowed = new Map<number, Set<string>>()
    for (const [number, cell] of this.cells) {
      const set = new Set(cell.possible)
      allowed.set(number, set)
      cell.readers.add(set)
    }
    const cells = new Map(this.cells)
    for await (const page of this.file.scan(from, { readahead: this.next(6), to: from + 20 })) {
      if (this.cells.get(page.number) === cells.get(page.number) && cells.has(page.number)) {
        this.expect(page, allowed.get(page.number)!, 'a scan')
      }
    }
    for (const [number, cell] of cells) cell.readers.delete(allowed.get(number)!)
  }

  async step(): Promise<void> {
    const kind = this.next(20)
    if (kind < 9) return this.read(this.next(2) === 0)
    if (kind < 14) return this.write(this.somePage(), 1, false)
    if (kind === 14) {
      const first = this.somePage()
      let count = 1
      while (count < 4 && this.cells.has(first + count)) count++
      return this.write(first, count, false)
    }
    if (kind < 17) {
      const number = this.somePage()
      const cell = this.cells.get(number)!
      // A page may be freed only while no other operation uses it.
      if (cell.possible.size > 1 || cell.readers.size > 0 || cell.writers > 0 || this.cells.size < 20) return
      this.cells.delete(number)
      this.file.free(number)
      return
    }
    if (kind === 17) return this.scan()
    const count = 1 + this.next(3)
    if (this.cells.size + count > PAGES) return
    const first = this.file.allocate(count)
    if ([...this.cells.keys()].some((number) => number >= first && number < first + count)) {
      this.faults.push(`page ${first} is allocated twice`)
    }
    return this.write(first, count, true)
  }
}

onEveryBackend(t, `${rounds} rounds`, async (t, backend) => {
  const context = makeContext(t, backend)
  for (let round = 0; round < rounds; round++) {
    const path = join(temporaryDirectory(t), 'pages')
    const options = { pageSize: PAGE, cacheBytes: 24 * PAGE, checksum: round % 2 === 0, context } as const
    const model = new Model(seed + round, await PageFile.open(path, options))
    await model.write(model.file.allocate(30), 30, true)
    for (let time = 0; time < 2; time++) {
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          for (let step = 0; step < STEPS; step++) await model.step()
        }),
      )
      await model.file.close()
      const { waiting, cached } = model.file.stats()
      t.same([waiting, cached], [0, 0], 'nothing is left')
      const bytes = fs.readFileSync(path)
      for (const [number, { possible }] of model.cells) {
        const found = textOf(bytes.subarray(number * PAGE, number * PAGE + model.size))
        if (!possible.has(found)) model.faults.push(`the file, page ${number}: ${found}`)
        possible.clear()
        possible.add(found)
      }
      model.file = await PageFile.open(path, options)
      const free = model.file.reclaim(model.cells.keys())
      t.equal(free, model.file.pages - model.cells.size)
    }
    await model.file.close()
    t.same(model.faults.slice(0, 5), [], `seed ${seed + round}`)
  }
})

t.test('runs of free pages over many chunks', async (t) => {
  const free = new FreePages()
  free.add(10, 200_000)
  t.equal(free.take(70_000), 10)
  t.equal(free.take(130_001), -1)
  t.equal(free.take(130_000), 70_010)
  // A run across the end of a chunk, after single pages, and one in the middle of the next.
  for (let page = 0; page < 32_766; page += 2) free.add(page, 1)
  free.add(32_766, 5)
  free.add(40_000, 9)
  t.equal(free.take(6), 40_000)
  t.equal(free.take(4), 32_766)
  t.equal(free.take(3), 40_006)
  t.equal(free.take(2), -1)
  t.equal(free.take(1), 0)
  free.add(1, 1)
  t.equal(free.take(2), 1)
  free.clear()
  t.equal(free.take(1), -1)
})

t.test('free pages against a plain list', async (t) => {
  const next = random(seed)
  for (let round = 0; round < 10; round++) {
    const free = new FreePages()
    // Across the chunks that store the free pages.
    const base = 32_768 * next(3) + (next(2) === 0 ? 32_768 - 100 : 0)
    const list = new Set<number>()
    const runAt = (first: number, count: number): boolean => {
      for (let page = first; page < first + count; page++) if (!list.has(page)) return false
      return true
    }
    for (let step = 0; step < 400; step++) {
      const count = 1 + next(next(4) === 0 ? 90 : 4)
      const first = base + next(250)
      if (next(2) === 0) {
        const isTaken = free.firstOf(first, count) < 0
        const known = [...Array(count).keys()].every((at) => !list.has(first + at))
        if (isTaken !== known) t.fail(`seed ${seed}: pages ${first} to ${first + count}`)
        if (!isTaken) continue
        free.add(first, count)
        for (let page = first; page < first + count; page++) list.add(page)
      } else if (next(10) === 0) {
        free.except(first, count)
        for (let page = first; page < first + count; page++) list.delete(page)
      } else {
        const taken = free.take(count)
        const expected = [...list].sort((a, b) => a - b).find((page) => runAt(page, count)) ?? -1
        if (taken !== expected) t.fail(`seed ${seed}: ${count} pages at ${taken}, not ${expected}`)
        if (taken >= 0) for (let page = taken; page < taken + count; page++) list.delete(page)
      }
      if (free.count !== list.size) t.fail(`seed ${seed}: ${free.count} free, not ${list.size}`)
    }
  }
  t.pass(`seed ${seed}`)
})
