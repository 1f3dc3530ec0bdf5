/** The queue of waiting entries, compared with an array. */
import t from 'tap'
import { LinkedQueue } from '../../../lib/common/linked-queue.js'
import type { Linked } from '../../../lib/common/linked-queue.js'

let steps = 0

/** An entry that counts accesses to its neighbours. */
class Entry implements Linked<Entry> {
  queue: object | undefined
  #previous: Entry | undefined
  #next: Entry | undefined

  constructor(readonly number: number) {}

  get previous(): Entry | undefined {
    steps++
    return this.#previous
  }
  set previous(entry) {
    steps++
    this.#previous = entry
  }
  get next(): Entry | undefined {
    steps++
    return this.#next
  }
  set next(entry) {
    steps++
    this.#next = entry
  }
}

t.test('any sequence of steps gives what an array gives', async (t) => {
  let seed = 12345
  const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below
  const queue = new LinkedQueue<Entry>()
  const array: Entry[] = []
  let made = 0
  for (let step = 0; step < 20_000; step++) {
    const kind = random(5)
    if (kind < 2) {
      const entry = new Entry(made++)
      queue.push(entry)
      array.push(entry)
    } else if (kind === 2 && array.length > 0) {
      if (queue.shift() !== array.shift()) t.fail(`step ${step}: another is next in line`)
    } else if (array.length > 0) {
      const [entry] = array.splice(random(array.length), 1) as [Entry]
      if (!queue.remove(entry) || queue.remove(entry)) t.fail(`step ${step}: removed once, and only once`)
    }
    if (queue.length !== array.length) t.fail(`step ${step}: ${queue.length}, not ${array.length}`)
  }
  t.ok(made > 7000)
  while (array.length > 0) t.equal(queue.shift().number, (array.shift() as Entry).number)
  t.equal(queue.length, 0)
})

t.test('an entry of another queue stays where it is', async (t) => {
  const [one, other] = [new LinkedQueue<Entry>(), new LinkedQueue<Entry>()]
  const entry = new Entry(1)
  one.push(entry)
  t.equal(other.remove(entry), false)
  t.equal(one.length, 1)
  t.equal(one.shift(), entry)
  t.equal(one.remove(entry), false, 'nor does one leave twice')
})

t.test('a step costs the same however many wait', async (t) => {
  const queue = new LinkedQueue<Entry>()
  const entries = Array.from({ length: 10_000 }, (_, number) => new Entry(number))
  const most = (act: (entry: Entry) => unknown): number =>
    Math.max(...entries.map((entry) => ((steps = 0), act(entry), steps)))
  t.ok(most((entry) => queue.push(entry)) <= 4, 'to push')
  entries.reverse()
  t.ok(most((entry) => queue.remove(entry)) <= 8, 'to take out, the last first')
  t.equal(queue.length, 0)
})
