/** Many writers at once lose, mix and tear no data: plain Node checks every block afterwards. */
// @quick linux
// @thorough node thread pure uring
import { createHash } from 'node:crypto'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { random } from '../../support/seeded-random.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

const WRITERS = 64
const SLOTS = 4096
const SLOT = 4096
const DIGEST = 20

const digest = (content: Uint8Array): Buffer => createHash('sha1').update(content).digest()

/** A slot's content: its number, its version, noise made of both, and a checksum over all. */
function fill(slot: number, version: number): Buffer {
  const block = Buffer.alloc(SLOT)
  const noise = random(slot * 131 + version)
  for (let at = 8; at < SLOT - DIGEST; at += 4) block.writeUInt32LE(noise(2 ** 32), at)
  block.writeUInt32LE(slot, 0)
  block.writeUInt32LE(version, 4)
  digest(block.subarray(0, SLOT - DIGEST)).copy(block, SLOT - DIGEST)
  return block
}

/** The version in a slot; throws if it is torn, or another's. */
function versionIn(block: Buffer, slot: number): number {
  if (!digest(block.subarray(0, SLOT - DIGEST)).equals(block.subarray(SLOT - DIGEST))) {
    throw new Error(`slot ${slot} is torn`)
  }
  if (block.readUInt32LE(0) !== slot) throw new Error(`slot ${slot} holds ${block.readUInt32LE(0)}`)
  return block.readUInt32LE(4)
}

function split(block: Buffer, at: number): Buffer[] {
  return [block.subarray(0, at), block.subarray(at, at + 1), block.subarray(at + 1)]
}

await t.test(`${WRITERS} writers at random positions on ${subject}`, async (t) => {
  const path = join(temporaryDirectory(t), 'slots')
  // Two handles on one file, so that one reads what the other has written.
  const handles = [(await fs.open(path, 'w+')) as Loose, (await fs.open(path, 'r+')) as Loose] as const
  const versions = new Array<number>(SLOTS).fill(0)
  const mine = (writer: number, below: (n: number) => number): number => writer + WRITERS * below(SLOTS / WRITERS)
  const problems: unknown[] = []

  const writer = async (number: number): Promise<void> => {
    const below = random(number)
    for (let round = 0; round < 120; round++) {
      const slot = mine(number, below)
      const version = (versions[slot] as number) + 1
      const block = fill(slot, version)
      const at = slot * SLOT
      const [writing, reading] = below(2) ? handles : [handles[1], handles[0]]
      if (below(3)) await writing.write(block, 0, SLOT, at)
      else await writing.writev(split(block, 1 + below(SLOT - 2)), at)
      versions[slot] = version
      if (below(20) === 0) await (below(2) ? handles[0].datasync() : handles[1].sync())
      const back = Buffer.alloc(SLOT)
      const result = below(2) ? await reading.read(back, { position: at }) : await reading.readv(split(back, 100), at)
      if ((result as { bytesRead: number }).bytesRead !== SLOT) problems.push(`short: slot ${slot}`)
      if (versionIn(back, slot) !== version) problems.push(`stale: slot ${slot}`)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)))
  t.same(problems, [], 'each writer reads what it has written')
  await Promise.all(handles.map((each) => each.close()))

  const content = nodeFs.readFileSync(path)
  const found = versions.map((version, slot) => {
    const block = content.subarray(slot * SLOT, (slot + 1) * SLOT)
    return version === 0 ? (block.some((byte) => byte !== 0) ? -1 : 0) : versionIn(block, slot)
  })
  t.same(found, versions, 'plain Node finds every slot whole, in its last version, and the rest untouched')
  t.ok(versions.filter((version) => version > 0).length > 2000, 'most slots were written')
})

await t.test('one buffer for many writes, of different parts', async (t) => {
  const path = join(temporaryDirectory(t), 'parts')
  const handle = (await fs.open(path, 'w+')) as Loose
  const whole = Buffer.concat(Array.from({ length: 512 }, (_, at) => fill(at, 1)))
  const order = Array.from({ length: 512 }, (_, at) => (at * 37) % 512)
  await Promise.all(order.map((slot) => handle.write(whole, slot * SLOT, SLOT, slot * SLOT)))
  const back = Buffer.alloc(whole.length)
  await Promise.all(order.map((slot) => handle.read(back, slot * SLOT, SLOT, slot * SLOT)))
  await handle.close()
  t.ok(back.equals(whole), 'read back into one buffer')
  t.ok(nodeFs.readFileSync(path).equals(whole), 'as plain Node has it')
})

await t.test('appending from many sides: each record is whole', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const handles = await Promise.all([1, 2, 3, 4].map(() => fs.open(path, 'a') as Promise<Loose>))
  const RECORDS = 400
  const record = (number: number): Buffer[] => {
    const name = String(number).padStart(6, '0')
    return [Buffer.from(`<${name}`), Buffer.alloc(1 + (number % 700), '.'), Buffer.from(`${name}>`)]
  }
  const append = (number: number): Promise<unknown> => {
    const handle = handles[number % 4] as Loose
    // One system call each in Node: the pieces of a record stay together.
    if (number % 2) return handle.writev(record(number), 0)
    return handle.write(Buffer.concat(record(number)), 0, undefined, 0)
  }
  await Promise.all(Array.from({ length: RECORDS }, (_, number) => append(number)))
  await Promise.all(handles.map((each) => each.close()))
  const content = nodeFs.readFileSync(path, 'latin1')
  const whole = [...content.matchAll(/<(\d{6})\.+(\d{6})>/g)].filter(([, first, second]) => first === second)
  t.equal(new Set(whole.map(([, number]) => number)).size, RECORDS, 'all are there')
  t.equal(
    whole.reduce((sum, [text]) => sum + text.length, 0),
    content.length,
    'and nothing else',
  )
})
