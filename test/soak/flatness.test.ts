import t from 'tap'
import { look, median, trends } from './flatness.js'
import type { Look } from './flatness.js'

const still: Look = { rss: 100 * 2 ** 20, heap: 20 * 2 ** 20, descriptors: 20, threads: 11 }
const flat = (change: (at: number) => Partial<Look>): string[] => {
  const looks = Array.from({ length: 400 }, (_, at) => ({ ...still, ...change(at) }))
  return trends(looks)
    .filter((trend) => !trend.flat)
    .map(({ resource }) => resource)
}

t.test('what grows is seen, and what jumps about is not', (t) => {
  t.same(
    flat(() => ({})),
    [],
  )
  t.same(
    flat((at) => ({ rss: still.rss + (at % 7) * 2 ** 22, descriptors: 20 + (at % 5) })),
    [],
    'noise',
  )
  t.same(
    flat((at) => ({ rss: at < 90 ? 2 ** 20 : still.rss, threads: at < 90 ? 4 : 11 })),
    [],
    'a warm-up',
  )
  t.same(
    flat((at) => ({ rss: still.rss + at * 2 ** 17 })),
    ['rss'],
    '52 MiB more',
  )
  t.same(
    flat((at) => ({ heap: still.heap + at * 2 ** 15 * 2 })),
    ['heap'],
  )
  t.same(
    flat((at) => ({ descriptors: 20 + Math.floor(at / 20) })),
    ['descriptors'],
  )
  t.same(
    flat((at) => ({ threads: at > 350 ? 16 : 11 })),
    ['threads'],
  )
  t.same(
    trends([still]).some((trend) => trend.flat),
    false,
    'too little to say',
  )
  t.equal(median([3, 1, 2]), 2)
  t.end()
})

t.test('this process', { skip: process.platform !== 'linux' && 'looks into /proc' }, (t) => {
  const { rss, heap, descriptors, threads } = look()
  t.ok(rss > heap && heap > 2 ** 20 && descriptors > 3 && threads > 4)
  t.end()
})
