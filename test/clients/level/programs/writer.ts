/**
 * Writes with sync until it is killed: `writer.js DIRECTORY SEED`. Its first line is what it found,
 * as JSON; each further line is an acknowledged change. Each of several lanes has its own keys and
 * awaits one change before it makes the next.
 */
import { writeSync } from 'node:fs'
import { random } from '../../../support/seeded-random.js'
import { CaioLevel } from '../level.js'

/**
 * A line: the lane changed this slot, in both of its keys, to this number, higher than all of
 * earlier lives; `-1`: deleted.
 */
export type Acknowledged = [lane: number, slot: number, number: number]

/** What was found: the slots of each lane that have a value, and the faults. */
export interface Found {
  faults: string[]
  slots: Acknowledged[]
}

const [directory = '', seed = '1'] = process.argv.slice(2)
const LANES = 16
const SLOTS = 50
/** Small, so that tables are written and merged all the time. */
const db = new CaioLevel(directory, { writeBufferSize: 16 * 1024, cacheSize: 256 * 1024 })

const keyOf = (lane: number, slot: number, half: 'a' | 'b'): string => `${half}${lane}:${slot}`

async function audit(): Promise<Found> {
  const found: Found = { faults: [], slots: [] }
  const entries = new Map(await db.iterator().all())
  const backwards = (await db.iterator({ reverse: true }).all()).reverse()
  if (JSON.stringify([...entries]) !== JSON.stringify(backwards)) found.faults.push('backwards it is not the same')
  for (let lane = 0; lane < LANES; lane++) {
    for (let slot = 0; slot < SLOTS; slot++) {
      const [a, b] = (['a', 'b'] as const).map((half) => keyOf(lane, slot, half)) as [string, string]
      const value = entries.get(a)
      if (value !== entries.get(b)) found.faults.push(`${a}: half of a batch`)
      if (value !== (await db.get(a))) found.faults.push(`${a}: get and iterator differ`)
      if (value !== undefined) found.slots.push([lane, slot, parseInt(value)])
    }
  }
  return found
}

async function write(lane: number, from: number): Promise<never> {
  const next = random(Number(seed) * 1000 + lane)
  for (let number = from; ; number++) {
    const slot = next(SLOTS)
    const isDeleted = next(8) === 0
    const value = `${number}`.padEnd(next(20) === 0 ? 9000 : 1 + next(300))
    const keys = (['a', 'b'] as const).map((half) => keyOf(lane, slot, half))
    await db.batch(
      keys.map((key) => (isDeleted ? { type: 'del' as const, key } : { type: 'put' as const, key, value })),
      { sync: true } as object,
    )
    writeSync(1, `${JSON.stringify([lane, slot, isDeleted ? -1 : number] satisfies Acknowledged)}\n`)
  }
}

await db.open()
const found = await audit()
writeSync(1, `${JSON.stringify(found)}\n`)
const first = Number(seed) * 1_000_000
if (found.faults.length === 0) await Promise.all(Array.from({ length: LANES }, (_, lane) => write(lane, first)))
await db.close()
