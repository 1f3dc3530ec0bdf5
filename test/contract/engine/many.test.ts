/** When the pool serves calls that could be inline, for being many: by a clock of the test's own. */
import t from 'tap'
import { Many } from '../../../lib/engine/many.js'
import type { Slot } from '../../../lib/engine/many.js'

const ENOUGH = 32
/** Milliseconds after which a call that has not ended does not count any longer. */
const LONG = 101
/** Calls after which earlier ones do not count for what comes. */
const LATER = 1000

let time = 1000
const make = (): Many => new Many(() => time)

/** Begins so many, with so many due, and gives the slots of those that the pool serves. */
const begin = (many: Many, count: number, due = 0): Slot[] =>
  Array.from({ length: count }, () => many.begin(due)).filter((slot) => slot !== 0)

await t.test('few are inline', (t) => {
  const many = make()
  t.same(begin(many, LATER, ENOUGH - 1), [])
  t.end()
})

await t.test('many: those in excess, and then all, until they are few again', (t) => {
  const many = make()
  const taken = Array.from({ length: 100 }, (_, due) => many.begin(due))
  t.same(
    taken.map((slot) => slot !== 0),
    taken.map((_, at) => at >= ENOUGH),
  )
  for (const slot of taken) many.end(slot)
  t.equal(begin(many, 1).length, 1, 'the next burst: from its first call')
  t.end()
})

await t.test('one at a time after many: inline', (t) => {
  const many = make()
  for (const slot of begin(many, 100, ENOUGH)) many.end(slot)
  for (let calls = 0; calls < LATER; calls++) many.end(many.begin(0))
  t.equal(many.begin(0), 0)
  t.end()
})

await t.test('those that hang', (t) => {
  const many = make()
  const hung = begin(many, 100, ENOUGH)
  t.equal(hung.length, 100)
  for (let calls = 0; calls < LATER; calls++) {
    time += LONG
    many.end(many.begin(0))
  }
  t.equal(many.begin(0), 0, 'do not count for ever')
  const others = begin(many, 10, ENOUGH)
  for (const slot of hung) many.end(slot)
  t.equal(begin(many, 1, ENOUGH - others.length).length, 1, 'nor when they end after all')
  for (const slot of others) many.end(slot)
  t.end()
})

await t.test('slow ones count, and are counted out', (t) => {
  const many = make()
  const slow = begin(many, 40, ENOUGH)
  time += LONG / 2
  const next = begin(many, 1)
  t.equal(next.length, 1)
  for (const slot of [...slow, ...next]) many.end(slot)
  for (let calls = 0; calls < LATER; calls++) many.end(many.begin(0))
  t.same(begin(many, LATER, ENOUGH - 1), [], 'none is left')
  t.end()
})
