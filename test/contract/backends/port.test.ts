/** The port without a Context: the obligations of a backend to each of its receivers. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { RECORD_FIELDS, TransferField, TransferFlag } from '../../../lib/protocol/port.js'
import { Opcode } from '../../../lib/protocol/operations.js'
import type { Backend, BackendName, Batch, Receiver } from 'caio'
import { onEveryBackend, temporaryDirectory, temporaryFile } from '../../support/harness.js'
import { RecordingBackend } from '../../support/recording-backend.js'

/**
 * Makes a batch of writes or reads of the same `length` bytes, at 0 unless the flags change that,
 * with ids from 0 on.
 */
function batch(opcode: number, fd: number, count: number, length: number, flags = 0): Batch {
  const records = new Float64Array(count * RECORD_FIELDS)
  for (let id = 0; id < count; id++) {
    records[id * RECORD_FIELDS + TransferField.opcode] = opcode
    records[id * RECORD_FIELDS + TransferField.fd] = fd
    records[id * RECORD_FIELDS + TransferField.length] = length
    records[id * RECORD_FIELDS + TransferField.flags] = flags
  }
  const views = Array<Buffer>(count).fill(Buffer.alloc(length))
  return { ids: Uint32Array.from({ length: count }, (_, id) => id), count, records, views }
}

/** Counts completions; `all` resolves when the expected number has arrived. */
class Counter implements Receiver {
  /** The submitter keeps the memory in flight alive. */
  readonly batches: Batch[] = []
  readonly results = new Map<number, number>()
  twice = 0
  readonly all: Promise<void>
  #resolve: () => void = () => {}
  expected: number

  constructor(expected: number) {
    this.expected = expected
    this.all = new Promise((resolve) => (this.#resolve = resolve))
  }

  submit(backend: Backend, batch: Batch): void {
    this.batches.push(batch)
    backend.submit(batch, this)
  }

  complete(id: number, result: number): void {
    if (this.results.has(id)) this.twice++
    this.results.set(id, result)
    if (this.results.size === this.expected) this.#resolve()
  }
}

/** A backend of the class that Context uses, in the same environment. */
const backendOf = (name: BackendName): Backend => new RecordingBackend(name).inner

async function complete(t: Test, counter: Counter, length: number): Promise<void> {
  await counter.all
  // Duplicates would have arrived by then.
  await new Promise(setImmediate)
  t.equal(counter.results.size, counter.expected)
  t.ok([...counter.results.values()].every((result) => result === length))
  t.equal(counter.twice, 0, 'each once')
}

onEveryBackend(t, 'each completion goes to the receiver that submitted it', async (t, name) => {
  const backend = backendOf(name)
  const { fd } = temporaryFile(t, 'x'.repeat(200_000))
  const counters = Array.from({ length: 20 }, (_, i) => new Counter(1 + i * 10))
  // The same ids for all receivers.
  for (const [i, counter] of counters.entries()) {
    counter.submit(backend, batch(Opcode.read, fd, counter.expected, 5 + i))
  }
  for (const [i, counter] of counters.entries()) await complete(t, counter, 5 + i)
})

onEveryBackend(t, 'cancel takes back what its own receiver submitted, and nothing else', async (t, name) => {
  const backend = backendOf(name)
  const { fd } = temporaryFile(t, 'x'.repeat(100_000))
  const idle = new Counter(60)
  const stranger = new Counter(0)
  idle.submit(backend, batch(Opcode.read, fd, 60, 10))
  await complete(t, idle, 10)

  // `idle` has nothing in flight any more; `busy` has the same ids queued, after those that wait
  // for data to read.
  const count = 2000
  const busy = new Counter(count)
  const pipe = join(temporaryDirectory(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const ends = fs.openSync(pipe, 'r+')
  t.teardown(() => fs.closeSync(ends))
  busy.submit(backend, batch(Opcode.read, ends, count, 10, TransferFlag.moves))
  for (const other of [idle, stranger]) {
    const taken = Array.from({ length: 60 }, (_, i) => backend.cancel(count - 1 - i, other) || backend.cancel(i, other))
    t.same(taken, Array(60).fill(false))
  }
  const cancelled = [1, 2, 3].filter((i) => backend.cancel(count - i, busy))
  t.equal(backend.cancel(count - 1, busy), false, 'only once')
  t.same(cancelled, backend.supports.cancel ? [1, 2, 3] : [], 'the last in line had not begun')
  busy.expected -= cancelled.length
  fs.writeSync(ends, 'x'.repeat(10 * busy.expected))
  await complete(t, busy, 10)
})
