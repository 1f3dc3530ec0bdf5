import t from 'tap'
import { parseFio } from '../../lib/cli/bench/fio.js'

/** Output of fio 3.33, without the fields that are not read. */
const none = { total_ios: 0, iops: 0, runtime: 0, lat_ns: { max: 0, N: 0 } }
const some = {
  total_ios: 61238,
  iops: 61176.823177,
  runtime: 1001,
  lat_ns: {
    max: 19158727,
    N: 61301,
    percentile: { '50.000000': 489472, '95.000000': 4620288, '99.000000': 6324224, '99.900000': 18743296 },
  },
}
const output = (job: object): string =>
  `fio: a warning\n${JSON.stringify({ 'fio version': 'fio-3.33', jobs: [{ error: 0, job_runtime: 1000, usr_cpu: 3.8, sys_cpu: 41, read: none, write: none, ...job }] })}\n`
const reads = { workload: 'randomReads', blockSize: 4096 } as const

void t.test('reads', async (t) => {
  const report = parseFio(output({ read: some }), reads)
  t.equal(report.operations, 61238)
  t.equal(Math.round(report.operations / (report.milliseconds / 1000)), 61177, 'its own rate')
  t.match(report.latency, {
    p50: 0.489472,
    p95: 4.620288,
    p99: 6.324224,
    p999: 18.743296,
    max: 19.158727,
    samples: 61301,
  })
  t.equal(report.cpu?.toFixed(3), ((0.448 * 1e6) / 61238).toFixed(3), 'user and system, microseconds an operation')
  t.match(report, { served: 'fio-3.33', bytes: 4096, loopDelay: null, peakMemory: null, verified: 0 })
})

void t.test('CPU time is of all its threads', async (t) => {
  const report = parseFio(output({ write: some, job_runtime: 64_000, usr_cpu: 0.1, sys_cpu: 1.1 }), {
    workload: 'randomWrites',
    blockSize: 4096,
  })
  t.equal(report.cpu?.toFixed(3), ((0.012 * 64e6) / 61238).toFixed(3))
})

void t.test('a write’s latency without its sync is none', async (t) => {
  t.equal(parseFio(output({ write: some }), { workload: 'syncedAppends', blockSize: 4096 }).latency, null)
})

void t.test('failures', async (t) => {
  t.throws(() => parseFio('fio: no such engine', reads), { message: /no JSON/ })
  t.throws(() => parseFio(output({ error: 22 }), reads), { message: /errno 22/ })
  t.throws(() => parseFio(output({}), reads), { message: /nothing/ })
  t.throws(() => parseFio('{"jobs":[]}', reads), { message: /no job/ })
})
