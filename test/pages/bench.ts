/**
 * The cost of a page of a PageFile, compared with `context.read` of the same pages: `bench.js
 * DIRECTORY [ROUNDS [COUNT]]`. Alternating rounds, medians; 64 in flight, each page a miss, with
 * O_DIRECT and from the kernel's cache; then hits.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { PageFile, alignedBuffer, defaultContext } from 'caio'

const PAGE = 4096
const PAGES = 32_768
const FRAMES = 256
const LANES = 64
const HITS = 300_000

const [directory = '.', rounds = '5', count = '60000'] = process.argv.slice(2)
const path = join(directory, `caio-pages-${process.pid}`)

interface Sample {
  /** operations per second */
  rate: number
  /** microseconds of all threads per operation */
  cpu: number
}

const samples = new Map<string, Sample[]>()

async function measure(name: string, operations: number, work: () => Promise<void>): Promise<void> {
  const cpuBefore = process.cpuUsage()
  const before = process.hrtime.bigint()
  await work()
  const seconds = Number(process.hrtime.bigint() - before) / 1e9
  const { user, system } = process.cpuUsage(cpuBefore)
  const list = samples.get(name) ?? []
  list.push({ rate: operations / seconds, cpu: (user + system) / operations })
  samples.set(name, list)
}

const order = Uint32Array.from({ length: PAGES }, (_, at) => at)
for (let at = PAGES - 1; at > 0; at--) {
  const other = Math.floor(Math.random() * (at + 1))
  const page = order[at]!
  order[at] = order[other]!
  order[other] = page
}

/** Runs many lanes, each of which takes the next page when it is done with one. */
function lanes(name: string, one: (page: number, lane: number) => Promise<void>): Promise<void> {
  const operations = Number(count)
  let next = 0
  return measure(name, operations, async () => {
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        while (next < operations) await one(order[next++ % PAGES]!, lane)
      }),
    )
  })
}

async function misses(name: string, direct: boolean, checksum: boolean): Promise<void> {
  const file = await PageFile.open(path, { direct, checksum, cacheBytes: FRAMES * PAGE, readOnly: true })
  await lanes(name, async (number) => {
    const page = await file.page(number)
    if (page.bytes.readUInt32LE(0) !== number) throw new Error(`page ${number} is another`)
    page.release()
  })
  const { hits, direct: isDirect } = file.stats()
  if (hits > Number(count) / 100 || isDirect !== direct) throw new Error('these are no misses')
  await file.close()
}

async function raw(name: string, flags: number): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | flags)
  const context = defaultContext()
  const slab = alignedBuffer(FRAMES * PAGE)
  const buffers = Array.from({ length: FRAMES }, (_, at) => slab.subarray(at * PAGE, (at + 1) * PAGE))
  let next = 0
  await lanes(name, async (number) => {
    await context.read(buffers[next++ % FRAMES]!, fd, number * PAGE)
  })
  fs.closeSync(fd)
}

async function hits(): Promise<void> {
  const file = await PageFile.open(path, { readOnly: true })
  for (let number = 0; number < 1000; number++) (await file.page(number)).release()
  await measure('hit, page()', HITS, async () => {
    for (let at = 0; at < HITS; at++) (await file.page(at % 1000)).release()
  })
  await measure('hit, cached()', HITS, async () => {
    for (let at = 0; at < HITS; at++) file.cached(at % 1000)?.release()
  })
  await file.close()
}

try {
  const file = await PageFile.open(path, { checksum: true, direct: false })
  for (let first = 0; first < PAGES; first += 256) {
    const data = Buffer.alloc(256 * file.contentSize)
    for (let at = 0; at < 256; at++) data.writeUInt32LE(first + at, at * file.contentSize)
    await file.write(first, data)
  }
  await file.sync()
  await file.close()
  const kinds = [
    ['O_DIRECT', true, fs.constants.O_DIRECT],
    ['kernel cache', false, 0],
  ] as const
  for (let round = 0; round < Number(rounds); round++) {
    for (const [kind, direct, flags] of kinds) {
      const trials = [
        () => raw(`${kind}: context.read`, flags),
        () => misses(`${kind}: miss`, direct, false),
        () => misses(`${kind}: miss, checksum`, direct, true),
      ]
      for (const trial of round % 2 === 0 ? trials : trials.reverse()) await trial()
    }
    await hits()
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0
  for (const [name, list] of samples) {
    const rate = Math.round(median(list.map((sample) => sample.rate)))
    const cpu = median(list.map((sample) => sample.cpu)).toFixed(2)
    console.log(`${name.padEnd(30)} ${String(rate).padStart(9)} /s   CPU ${cpu} us`)
  }
} finally {
  fs.rmSync(path, { force: true })
}
