/**
 * One backend under mixed load: `node load.js SECONDS`, with CAIO_TEST_SUBJECT. Exits with 1 if
 * anything is wrong.
 */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { alignedMemory } from '../support/harness.js'
import { random } from '../support/seeded-random.js'
import { engineStats, fs, subject } from '../support/subject.js'
import { look, trends } from './flatness.js'
import type { Look } from './flatness.js'

const { O_DIRECT, O_RDWR } = nodeFs.constants
const DEPTH = 256
const BLOCK = 4096
/** blocks per worker and file */
const SLOTS = 16
/** milliseconds between samples */
const INTERVAL = 250
const LARGEST_SMALL_FILE = 100_000

const seconds = Number(process.argv[2])
const directory = nodeFs.mkdtempSync(join(process.env['CAIO_TEST_DIR'] ?? tmpdir(), 'caio-soak-'))
const noise = Buffer.alloc(2 ** 20 + LARGEST_SMALL_FILE)
const number = random(1)
for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(number(2 ** 32), at)

/**
 * Content of a place in some version: a piece of noise that differs from those of other places, and
 * of nearby versions.
 */
function expected(place: number, version: number, length: number): Buffer {
  const start = (place * 7919 + version * 104_729) % 2 ** 20
  return noise.subarray(start, start + length)
}

interface Shared {
  handle: FileHandle
  path: string
  flags: number
  /** by slot */
  versions: Uint32Array
}

let operations = 0
let verified = 0
const problems: string[] = []

function verify(found: Uint8Array, place: number, version: number, length: number, what: string): void {
  verified += length
  if (found.length === length && expected(place, version, length).equals(found)) return
  problems.push(`${what}: place ${place} does not hold version ${version}`)
}

/** A worker's memory: aligned, so that it suits every file. */
class Worker {
  readonly #number: number
  readonly #below: (n: number) => number
  readonly #memory: Buffer
  readonly #files: readonly Shared[]
  #small = 0

  constructor(number: number, memory: Buffer, files: readonly Shared[]) {
    this.#number = number
    this.#below = random(number + 1)
    this.#memory = memory
    this.#files = files
  }

  async run(end: () => boolean): Promise<void> {
    while (!end()) {
      const kind = this.#below(100)
      if (kind < 90) await this.#block(kind)
      else if (kind < 92) await this.#sync()
      else if (kind < 97) await this.#wholeFile()
      else await this.#ownHandle()
      operations++
    }
  }

  async #block(kind: number): Promise<void> {
    const at = this.#below(this.#files.length)
    const { handle, versions, flags } = this.#files[at] as Shared
    const slot = this.#number + DEPTH * this.#below(SLOTS)
    const place = at * DEPTH * SLOTS + slot
    const position = slot * BLOCK
    const memory = this.#memory
    const cut = flags & O_DIRECT ? BLOCK : 1 + this.#below(BLOCK - 1)
    const pieces = [memory.subarray(0, cut), memory.subarray(cut)]
    if (kind < 40) {
      const version = (versions[slot] as number) + 1
      expected(place, version, BLOCK).copy(memory)
      const moved = kind < 30 ? await handle.write(memory, 0, BLOCK, position) : await handle.writev(pieces, position)
      if (moved.bytesWritten !== BLOCK) problems.push(`${moved.bytesWritten} bytes written`)
      versions[slot] = version
    } else {
      memory.fill(0)
      const moved = kind < 75 ? await handle.read(memory, 0, BLOCK, position) : await handle.readv(pieces, position)
      if (moved.bytesRead !== BLOCK) problems.push(`${moved.bytesRead} bytes read`)
      verify(memory, place, versions[slot] as number, BLOCK, 'read')
    }
  }

  async #sync(): Promise<void> {
    const { handle } = this.#files[this.#below(this.#files.length)] as Shared
    await (this.#below(2) ? handle.sync() : handle.datasync())
  }

  async #wholeFile(): Promise<void> {
    const path = join(directory, `small-${this.#number}`)
    const version = ++this.#small
    const length = 1 + this.#below(this.#below(10) ? BLOCK : LARGEST_SMALL_FILE)
    await fs.writeFile(path, expected(this.#number, version, length))
    verify(await fs.readFile(path), this.#number, version, length, 'readFile')
  }

  /** Opens, uses and closes a handle. */
  async #ownHandle(): Promise<void> {
    const at = this.#below(this.#files.length)
    const { path, versions, flags } = this.#files[at] as Shared
    const slot = this.#number + DEPTH * this.#below(SLOTS)
    const handle = await fs.open(path, flags)
    try {
      await handle.read(this.#memory, 0, BLOCK, slot * BLOCK)
      verify(this.#memory, at * DEPTH * SLOTS + slot, versions[slot] as number, BLOCK, 'another handle')
    } finally {
      await handle.close()
    }
  }
}

async function shared(name: string, at: number, flags: number): Promise<Shared> {
  const path = join(directory, name)
  const slots = DEPTH * SLOTS
  nodeFs.writeFileSync(
    path,
    Buffer.concat(Array.from({ length: slots }, (_, slot) => expected(at * slots + slot, 0, BLOCK))),
  )
  return { path, handle: await fs.open(path, flags), flags, versions: new Uint32Array(slots) }
}

/** Verifies every byte once more, with plain Node. */
function verifyAll(files: readonly Shared[]): void {
  for (const [at, { path, versions }] of files.entries()) {
    const content = nodeFs.readFileSync(path)
    for (const [slot, version] of versions.entries()) {
      verify(
        content.subarray(slot * BLOCK, (slot + 1) * BLOCK),
        at * DEPTH * SLOTS + slot,
        version,
        BLOCK,
        'in the end',
      )
    }
  }
}

async function soak(): Promise<boolean> {
  const before = look().descriptors
  const flags = [O_RDWR, O_RDWR, O_RDWR, O_RDWR | O_DIRECT]
  const files = await Promise.all(flags.map((each, at) => shared(`shared-${at}`, at, each)))
  const memory = alignedMemory((files[3] as Shared).handle.fd, DEPTH * BLOCK)
  const workers = Array.from(
    { length: DEPTH },
    (_, n) => new Worker(n, memory.subarray(n * BLOCK, (n + 1) * BLOCK), files),
  )

  const deadline = performance.now() + seconds * 1000
  const end = (): boolean => problems.length > 0 || performance.now() > deadline
  const working = Promise.all(workers.map((worker) => worker.run(end)))
  const looks: Look[] = []
  while (!end()) {
    await wait(INTERVAL)
    looks.push(look())
  }
  await working
  verifyAll(files)
  for (const { handle } of files) await handle.close()
  const left = look().descriptors - before
  if (left > 0) problems.push(`${left} descriptors left open`)

  const { operations: served, routes, fallbacks } = engineStats!()
  const gibibytes = (verified / 2 ** 30).toFixed(1)
  console.log(
    `${subject}: ${operations} operations in ${seconds.toFixed(0)} s, ${gibibytes} GiB verified, ${looks.length} looks`,
  )
  console.log(`  engine: ${JSON.stringify(served)}, ${JSON.stringify(routes)}, ${fallbacks} fallbacks`)
  let flat = true
  for (const { resource, windows, flat: holds } of trends(looks)) {
    const bytes = resource === 'rss' || resource === 'heap'
    const shown = windows.map((value) => (bytes ? (value / 2 ** 20).toFixed(0) : value))
    console.log(`  ${holds ? 'flat ' : 'GROWS'} ${resource}${bytes ? ' (MiB)' : ''}: ${shown.join(' ')}`)
    flat &&= holds
  }
  for (const problem of problems.slice(0, 10)) console.log(`  PROBLEM ${problem}`)
  return flat && problems.length === 0
}

try {
  process.exitCode = (await soak()) ? 0 : 1
} finally {
  nodeFs.rmSync(directory, { recursive: true, force: true })
}
