import fsPromises from 'node:fs/promises'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import {
  BLOCK,
  checksums,
  loadChecksums,
  makeSampleFile,
  makeSmallFiles,
  saveChecksums,
} from '../../lib/cli/sample-file.js'
import type { Row } from '../../lib/cli/bench/row.js'
import { allRows } from '../../lib/cli/bench/rows.js'
import { clockInterval, measure } from '../../lib/cli/trial/measure.js'
import { findDropMethod } from '../../lib/cli/trial/page-cache.js'
import { synchronous } from '../../lib/cli/trial/synchronous.js'
import { workloads } from '../../lib/cli/trial/workloads.js'
import type { Trial, WorkloadName } from '../../lib/cli/trial/workloads.js'
import type { FsPromises } from '../../lib/cli/trial/work.js'
import { temporaryDirectory } from '../support/harness.js'

const BLOCKS = 256
const rows = allRows(BLOCKS * BLOCK, true)

function task(t: Test, workload: WorkloadName, more: Partial<Trial> = {}): Trial {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'file')
  const sums = join(directory, 'checksums')
  const { on } = rows.find((row) => row.workload === workload) as Row
  if (on === 'small' || on === 'overwritten') {
    makeSmallFiles(path, 32)
  } else if (on === 'fresh') {
    mkdirSync(path)
  } else {
    makeSampleFile(path, BLOCKS, () => {})
    saveChecksums(sums, checksums(path))
  }
  return {
    workload,
    subject: 'own',
    path,
    checksums: sums,
    inFlight: 8,
    blockSize: BLOCK,
    fileSize: undefined,
    cache: 'any',
    drop: undefined,
    direct: 0,
    milliseconds: 30,
    latencyMilliseconds: 15,
    ...more,
  }
}

async function run(fs: FsPromises, task: Trial) {
  return measure(await workloads[task.workload](fs, task), task.milliseconds, task.latencyMilliseconds)
}

for (const workload of new Set(rows.filter(({ group }) => group !== 'calls').map((row) => row.workload))) {
  void t.test(`${workload} through Node's own`, async (t) => {
    const { operations, milliseconds, latency, verified } = await run(fsPromises, task(t, workload))
    t.ok(operations > 0, 'counted')
    t.ok(milliseconds >= 28, 'for as long as asked')
    t.ok(latency && latency.samples > 0 && latency.p50 > 0 && latency.p50 <= latency.max, 'timed')
    t.ok(verified > 0, 'compared')
  })
}

/** One operation per lane of each call: there are many, and a measurement warms up. */
async function runOnce(fs: FsPromises, task: Trial): Promise<number> {
  const work = await workloads[task.workload](fs, task)
  await work.renew()
  const lanes = Array.from({ length: work.lanes }, (_, lane) => lane)
  const results = await Promise.all(lanes.map((lane) => work.start(lane)))
  const verified = results.map((result, lane) => (work.valid(result) ? work.verify(lane, result) : NaN))
  return verified.reduce((sum, each) => sum + each, await work.finish())
}

void t.test("the calls through Node's own, and synchronous", async (t) => {
  for (const { workload, inFlight } of rows.filter(({ group }) => group === 'calls')) {
    t.ok((await runOnce(fsPromises, task(t, workload, { inFlight }))) > 0, `${workload}, ${inFlight} in flight`)
    if (inFlight === 1) t.ok((await runOnce(synchronous, task(t, workload, { inFlight }))) > 0, 'synchronous')
  }
})

/**
 * Node's fs, with some methods of handles replaced. Closes the handles at the end, since a
 * measurement that fails closes none.
 */
function withMethods(t: Test, methods: (handle: fsPromises.FileHandle) => object): FsPromises {
  const open = async (path: string, flags: string): Promise<fsPromises.FileHandle> => {
    const handle = await fsPromises.open(path, flags)
    t.teardown(() => handle.close())
    return Object.assign(handle, methods(handle))
  }
  return { ...fsPromises, open } as unknown as FsPromises
}

void t.test('wrong bytes are found', async (t) => {
  const shifted = withMethods(t, (handle) => {
    const read = handle.read.bind(handle)
    return {
      read: (buffer: Buffer, at: number, length: number, position: number) =>
        read(buffer, at, length, (position + BLOCK) % (BLOCKS * BLOCK)),
    }
  })
  await t.rejects(run(shifted, task(t, 'randomReads')), { message: /block \d+ is not what was written/ })
})

void t.test('short reads are found', async (t) => {
  const short = withMethods(t, (handle) => {
    const read = handle.read.bind(handle)
    return {
      read: (buffer: Buffer, at: number, length: number, position: number) => read(buffer, at, length - 1, position),
    }
  })
  await t.rejects(run(short, task(t, 'randomReads')), { message: /fewer bytes/ })
})

void t.test('writes that do not arrive are found', async (t) => {
  const lost = withMethods(t, () => ({ write: async (buffer: Buffer) => ({ bytesWritten: buffer.length, buffer }) }))
  await t.rejects(run(lost, task(t, 'randomWrites')), { message: /block \d+ is not what was written/ })
  await t.rejects(run(lost, task(t, 'syncedAppends')), { message: /length of the file/ })
})

void t.test('files that are not read or written are found', async (t) => {
  const readFile = async (): Promise<Buffer> => Buffer.alloc(3072)
  await t.rejects(run({ ...fsPromises, readFile } as unknown as FsPromises, task(t, 'readFiles')), {
    message: /is not what was written/,
  })
  const writeFile = async (): Promise<void> => undefined
  await t.rejects(run({ ...fsPromises, writeFile }, task(t, 'overwriteFiles')), { message: /is not what was written/ })
})

void t.test('calls that do nothing are found', async (t) => {
  const nothing = async (): Promise<undefined> => undefined
  for (const workload of ['createUnlink', 'mkdirRmdir', 'copyFile', 'rename'] as const) {
    const idle = {
      ...fsPromises,
      writeFile: nothing,
      unlink: nothing,
      mkdir: nothing,
      rmdir: nothing,
      copyFile: nothing,
    }
    const fs = { ...idle, rename: nothing } as unknown as FsPromises
    await t.rejects(runOnce(fs, task(t, workload)), workload)
  }
})

void t.test('a cold file is read once between drops', async (t) => {
  const cold = task(t, 'randomReads', { cache: 'cold' })
  const drop = findDropMethod(cold.path)
  if (!drop) return t.pass('skipped: nothing empties the page cache here')
  const positions: number[] = []
  const watched = withMethods(t, (handle) => {
    const read = handle.read.bind(handle)
    return {
      read(buffer: Buffer, at: number, length: number, position: number) {
        positions.push(position)
        return read(buffer, at, length, position)
      },
    }
  })
  const work = await workloads.randomReads(watched, { ...cold, drop })
  t.equal(work.supply, BLOCKS)
  await measure(work, 30, 0)
  for (let start = 0; start + BLOCKS <= positions.length; start += BLOCKS) {
    if (new Set(positions.slice(start, start + BLOCKS)).size !== BLOCKS) {
      return t.fail(`a block was read twice after ${start} reads`)
    }
  }
  return t.ok(positions.length > 0, 'read')
})

void t.test('how often the clock is read', async (t) => {
  t.equal(clockInterval({ operations: 4, milliseconds: 200 }, 8), 1, 'always, when operations are slow')
  t.equal(clockInterval({ operations: 1e6, milliseconds: 200 }, 1), 64, 'seldom, when they are fast')
  t.equal(clockInterval({ operations: 12_800, milliseconds: 200 }, 8), 32, 'every 4 ms')
})

void t.test('checksums survive their file', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  writeFileSync(path, Buffer.alloc(2 * BLOCK + 5, 'caio'))
  const sums = checksums(path)
  saveChecksums(`${path}.sums`, sums)
  t.strictSame(loadChecksums(`${path}.sums`), sums)
  t.equal(sums.blocks.length, 2, 'whole blocks only')
})
