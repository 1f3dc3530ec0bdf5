/**
 * Commits changes to a table until it is killed: `pages.js FILE`. Each value contains its slot and
 * its version. Prints `slot version;` for each change when its commit has resolved.
 */
import { writeSync } from 'node:fs'
import { SLOTS, Table } from '../../support/recipe-table.js'

const table = await Table.open(process.argv[2] ?? '', { cacheBytes: 64 * 4096 })
const versions = await Promise.all(
  Array.from({ length: SLOTS }, async (_, slot) => Number((await table.get(slot))?.split(' ')[1] ?? 0)),
)

for (let time = 0; ; time++) {
  const slots = [...new Set(Array.from({ length: 8 }, (_, at) => (time * 31 + at * 17) % SLOTS))]
  await table.commit(slots.map((slot) => [slot, `${slot} ${versions[slot]! + 1} `.padEnd(20 + (slot % 3000), 'x')]))
  for (const slot of slots) versions[slot]!++
  writeSync(1, `${slots.map((slot) => `${slot} ${versions[slot]}`).join(';')}\n`)
}
