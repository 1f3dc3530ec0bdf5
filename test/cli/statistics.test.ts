import t from 'tap'
import { median, percentile, spread } from '../../lib/cli/statistics.js'

void t.test('median', async (t) => {
  const cases: [number[], number][] = [
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    // Numbers, not words: 10 is more than 9.
    [[10, 9, 100], 10],
  ]
  for (const [values, expected] of cases) t.equal(median(values), expected, `of ${values.join(' ')}`)
  t.ok(Number.isNaN(median([])), 'of nothing')
})

void t.test('percentile is the nearest rank', async (t) => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  const cases: [number, number][] = [
    [0, 1],
    [1, 1],
    [50, 50],
    [95, 95],
    [99, 99],
    [99.9, 100],
    [100, 100],
  ]
  for (const [percent, expected] of cases) t.equal(percentile(hundred, percent), expected, `${percent} of a hundred`)
  t.equal(percentile(Float64Array.of(7), 99), 7, 'of one')
  t.equal(percentile(Float64Array.of(1, 2, 3, 4), 50), 2, 'of an even number')
  t.equal(
    percentile(
      Float64Array.from({ length: 1000 }, (_, index) => index + 1),
      99.9,
    ),
    999,
    'no rounding up of 999',
  )
  t.ok(Number.isNaN(percentile(new Float64Array(), 50)), 'of nothing')
})

void t.test('spread leaves out what was not taken', async (t) => {
  t.strictSame(spread([3, 1, null, 2]), { median: 2, min: 1, max: 3 })
  t.equal(spread([null]), undefined)
  t.equal(spread([]), undefined)
})
