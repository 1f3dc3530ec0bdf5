import t from 'tap'
import { pageData } from '../../lib/cli/bench/page-data.js'
import { harnessCosts, ratio, residencyBefore, summarize } from '../../lib/cli/bench/results.js'
import type { BenchResults, RowResults } from '../../lib/cli/bench/results.js'
import { allRows } from '../../lib/cli/bench/rows.js'
import type { Row } from '../../lib/cli/bench/row.js'
import { terminalReport } from '../../lib/cli/bench/terminal.js'
import type { Report } from '../../lib/cli/trial/task.js'
import { machine } from './machine.js'

const report = (rate: number, more: Partial<Report> = {}): Report => ({
  served: 'node',
  runtime: 'node',
  operations: rate,
  milliseconds: 1000,
  bytes: 4096,
  latency: { p50: 1, p95: 2, p99: 3, p999: 4, max: 5, samples: 2000 },
  loopDelay: 2,
  cpu: 10,
  peakMemory: 1e6,
  verified: 5,
  residency: { before: 1, after: 1 },
  stats: null,
  ...more,
})

const row = allRows(512, false)[0] as Row
const results: RowResults = {
  row,
  results: [
    { contender: 'node', rounds: [report(100), report(300), report(200)] },
    { contender: 'linux', rounds: [report(1600, { cpu: 2 }), report(1700, { cpu: 2 }), report(1500, { cpu: 2 })] },
    { contender: 'bun', rounds: [], error: 'it broke\nat length' },
    { contender: 'harness', rounds: [report(16_000)] },
  ],
}
const all: BenchResults = {
  format: 1,
  caio: '0.0.0',
  date: '2026-01-01T00:00:00Z',
  command: 'caio bench',
  options: { rounds: 3, quick: false, duration: 1000, size: 512 },
  machine,
  pageCache: { drop: 'posix_fadvise', fincore: true },
  contenders: ['node', 'linux', 'bun'].map((id) => ({ id, label: id.toUpperCase(), version: '' })),
  missing: [{ id: 'deno', reason: 'not in PATH' }],
  skipped: [],
  rows: [results],
}

void t.test('medians and spreads', async (t) => {
  const [node, linux, bun] = results.results.map((result) => summarize(result))
  t.match(node, { rate: { median: 200, min: 100, max: 300 }, p99: 3, cpu: 10, verified: 15, samples: 2000 })
  t.equal(linux && ratio(linux, node), 8, 'the ratio of the medians')
  t.equal(linux && ratio(linux, undefined), undefined)
  t.equal(bun, undefined, 'a failure has no figures')
})

void t.test('a p99.9 that some rounds lack is none', async (t) => {
  const few = report(1, { latency: { p50: 1, p95: 2, p99: 3, p999: null, max: 3, samples: 10 } })
  t.match(summarize({ rounds: [report(1), few] }), { p99: 3, samples: 10, p999: undefined })
})

void t.test('figures that were not taken', async (t) => {
  const bare = summarize({ rounds: [report(1, { latency: null, cpu: null, loopDelay: null, peakMemory: null })] })
  t.match(bare, { p50: undefined, cpu: undefined, loopDelay: undefined, peakMemory: undefined, samples: 0 })
})

void t.test('what the harness costs', async (t) => {
  t.strictSame(harnessCosts([results]), [{ inFlight: 64, nanoseconds: 1e9 / 16_000, part: 0.1 }])
})

void t.test('what was in the page cache', async (t) => {
  t.match(residencyBefore(results), { min: 1, max: 1 })
  const unknown = [{ contender: 'node', rounds: [report(1, { residency: null })] }]
  t.equal(residencyBefore({ row, results: unknown }), undefined)
})

void t.test('data of the plots', async (t) => {
  const { overview, latencies } = pageData(all)
  t.strictSame(overview.figures['rate'], { node: [1], linux: [8] }, 'without failures and the harness')
  t.strictSame(overview.figures['cpu'], { node: [1], linux: [0.2] })
  t.strictSame(latencies[0]?.lines['linux'], [1, 2, 3, 4])
})

void t.test('the terminal report', async (t) => {
  const text = terminalReport(all)
  t.match(text, /LINUX +1,600 \/s +1,500 – 1,700 +8\.00 × +1\.00 ms +3\.00 ms +2\.00 µs +2\.00 ms/)
  t.match(text, /BUN +FAILED/)
  t.match(text, /FAILED: BUN, .*: it broke\n/)
  t.match(text, /Not here: deno: not in PATH/)
  t.match(text, /harness itself.* 62,500 ns per operation at 64 in flight \(10\.0% of/)
  t.match(text, /fincore found at least 100% of the file in the page cache/)
})
