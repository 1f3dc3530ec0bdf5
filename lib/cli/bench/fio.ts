/** fio as a contender: the job that matches a row, and the results in its JSON. */
import type { Report } from '../trial/task.js'
import { warmUpTime } from '../trial/measure.js'
import { environment, patience, run } from '../trial/run.js'
import type { Trial } from '../trial/workloads.js'

/** How fio submits its operations. */
export interface FioEngine {
  ioengine: 'libaio' | 'io_uring'
  /** Many submissions and completions per system call, if many are in flight. */
  batched: boolean
}

/** The largest size of the log: more than any trial writes. */
const LOG_SIZE = '16g'

/** The part of a task that fio needs. */
export type FioTask = Pick<Trial, 'workload' | 'path' | 'blockSize' | 'inFlight' | 'cache' | 'direct' | 'milliseconds'>

/** Arguments of the job that does the same as this task; undefined if fio has no such job. */
export function fioArguments(task: FioTask, { ioengine, batched }: FioEngine): string[] | undefined {
  const { workload, path, blockSize, inFlight, cache, direct, milliseconds } = task
  // A batch of one operation is no batch.
  if (batched && (inFlight === 1 || workload !== 'randomReads')) return undefined
  const common = [
    '--name=caio',
    // A colon would begin another file.
    `--filename=${path.replaceAll(':', '\\:')}`,
    `--ioengine=${ioengine}`,
    `--bs=${blockSize}`,
    `--runtime=${milliseconds}ms`,
    '--thread',
    '--group_reporting',
    '--output-format=json',
    '--lat_percentiles=1',
    '--clat_percentiles=0',
    '--percentile_list=50:95:99:99.9',
    ...(direct ? ['--direct=1'] : []),
    ...(batched ? [`--iodepth_batch_submit=${inFlight}`, `--iodepth_batch_complete_max=${inFlight}`] : []),
  ]
  const again = [
    '--time_based',
    '--norandommap',
    '--invalidate=0',
    `--ramp_time=${Math.ceil(warmUpTime(milliseconds))}ms`,
  ]
  // fio makes the file when it opens it, so that writes make the file grow.
  const grown = ['--create_on_open=1', '--fallocate=none', `--size=${LOG_SIZE}`]
  switch (workload) {
    case 'randomReads':
      // Cold: each block is read once, and fio itself drops the file's pages first.
      return [
        ...common,
        '--readonly',
        '--rw=randread',
        `--iodepth=${inFlight}`,
        ...(cache === 'cold' ? ['--invalidate=1'] : again),
      ]
    case 'randomWrites':
      return [...common, '--rw=randwrite', `--iodepth=${inFlight}`, ...again]
    case 'randomSyncedWrites':
      return [...common, '--rw=randwrite', `--numjobs=${inFlight}`, '--iodepth=1', '--fdatasync=1', ...again]
    case 'syncedAppends':
      return [...common, '--rw=write', '--iodepth=1', '--fdatasync=1', ...grown, ...again]
    default:
      return undefined
  }
}

interface Direction {
  total_ios: number
  iops: number
  runtime: number
  lat_ns: { max: number; N: number; percentile?: Record<string, number> }
}

interface Job {
  error: number
  job_runtime: number
  usr_cpu: number
  sys_cpu: number
  read: Direction
  write: Direction
}

/**
 * Reads a report from fio's output.
 * @param stdout of fio with `--output-format=json`; warnings may precede it
 */
export function parseFio(stdout: string, task: Pick<Trial, 'workload' | 'blockSize'>): Report {
  const start = stdout.indexOf('{')
  if (start < 0) throw new Error('fio has printed no JSON')
  const { 'fio version': version, jobs } = JSON.parse(stdout.slice(start)) as { 'fio version': string; jobs: Job[] }
  const job = jobs[0]
  if (!job) throw new Error('fio has run no job')
  if (job.error !== 0) throw new Error(`fio's job failed with errno ${job.error}`)
  const direction = job.read.total_ios > 0 ? job.read : job.write
  if (direction.total_ios === 0) throw new Error('fio has done nothing')
  const times = direction.lat_ns.percentile
  const synced = task.workload === 'randomSyncedWrites' || task.workload === 'syncedAppends'
  const milli = (percent: string): number => (times?.[percent] ?? NaN) / 1e6
  return {
    served: version,
    runtime: version,
    operations: direction.total_ios,
    milliseconds: (direction.total_ios / direction.iops) * 1000,
    bytes: task.blockSize,
    // fio times a write and its sync separately.
    latency:
      synced || !times
        ? null
        : {
            p50: milli('50.000000'),
            p95: milli('95.000000'),
            p99: milli('99.000000'),
            p999: milli('99.900000'),
            max: direction.lat_ns.max / 1e6,
            samples: direction.lat_ns.N,
          },
    loopDelay: null,
    // Percentages of the run time of all threads.
    cpu: (((job.usr_cpu + job.sys_cpu) / 100) * job.job_runtime * 1000) / direction.total_ios,
    peakMemory: null,
    verified: 0,
    residency: null,
    stats: null,
  }
}

/**
 * Runs a task by fio.
 * @throws fio's failure, or an error if fio has no job for this task
 */
export async function runFio(command: string, engine: FioEngine, task: Trial, signal?: AbortSignal): Promise<Report> {
  const args = fioArguments(task, engine)
  if (!args) throw new Error('fio has no job that does this')
  const { code, stdout, stderr } = await run(command, args, environment({}), patience(task), signal)
  if (code !== 0) throw new Error(`fio: ${(stderr.trim() || stdout.trim()).split('\n')[0]}`)
  return parseFio(stdout, task)
}
