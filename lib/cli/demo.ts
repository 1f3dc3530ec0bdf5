/** `caio demo`: the same loops over a real file, through node:fs/promises and through caio/fs on each backend. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BLOCK, checksums, makeSampleFile, saveChecksums } from './sample-file.js'
import { Progress, figure, table } from './text.js'
import { runTrial, thisNode } from './trial/run.js'
import type { Report } from './trial/task.js'
import type { Trial } from './trial/workloads.js'

const SAMPLE_BYTES = 256 * 1024 * 1024
const MILLISECONDS = 2000
const CONTENDERS = ['node', 'linux', 'thread', 'pure']

const workloads = [
  { title: 'random 4 KiB reads, 64 in flight', workload: 'randomReads', on: 'source', inFlight: 64 },
  { title: 'random 4 KiB write + datasync, 16 in flight', workload: 'randomSyncedWrites', on: 'scratch', inFlight: 16 },
  { title: 'readFile of the whole file', workload: 'readWholeFile', on: 'source', inFlight: 1 },
] as const

interface Row {
  contender: string
  title: string
  result: Report | string
}

/** Runs a contender: its report, or the reason of its failure. The table shows a backend that does not work here. */
async function compete(contender: string, task: Omit<Trial, 'subject'>): Promise<Report | string> {
  const [runtime, subject] =
    contender === 'node' ? [thisNode(), 'own' as const] : [thisNode(contender), 'caio' as const]
  return runTrial(runtime, { ...task, subject }).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )
}

function describe({ contender, result }: Row, node: Report | undefined): string[] {
  if (typeof result === 'string') return [`  ${contender}`, `FAILED: ${result.split('\n')[0]}`, '', '', '', '']
  const name = contender === 'node' ? 'node:fs/promises' : `caio/fs, ${contender}`
  if (contender !== 'node' && result.served !== contender) return [`  ${name}`, 'not available here', '', '', '', '']
  const rate = (report: Report): number => report.operations / (report.milliseconds / 1000)
  return [
    `  ${name}`,
    figure(rate(result)),
    node ? `${figure(rate(result) / rate(node))} x` : '-',
    `${figure(result.loopDelay ?? NaN)} ms`,
    `${figure(result.cpu ?? NaN)} us`,
    figure(result.verified),
  ]
}

function report(rows: readonly Row[]): string {
  const lines: string[][] = []
  for (const { title } of workloads) {
    const these = rows.filter((row) => row.title === title)
    const node = these.find((row) => row.contender === 'node')?.result
    lines.push([title])
    for (const row of these) lines.push(describe(row, typeof node === 'object' ? node : undefined))
  }
  return table(['', 'operations/s', 'to node', 'loop delay p99', 'CPU/operation', 'verified'], lines)
}

/**
 * Runs `caio demo`.
 * @param path a file to read, of at least one block; never written to. Default: one of 256 MiB,
 * made for the run
 * @returns the exit code
 */
export async function demo(path?: string): Promise<number> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'caio-demo-'))
  const steps = CONTENDERS.length * workloads.length
  const progress = new Progress(steps + 1)
  try {
    const source = path ?? join(directory, 'source')
    const scratch = join(directory, 'scratch')
    const making = path ? `copying ${path}` : 'making a file of 256 MiB'
    if (!path) makeSampleFile(source, SAMPLE_BYTES / BLOCK, (fraction) => progress.show(fraction, making))
    else progress.show(0, making)
    fs.copyFileSync(source, scratch)
    fs.chmodSync(scratch, 0o600)
    const sums = checksums(source)
    if (sums.blocks.length === 0) throw new Error(`${source} is smaller than one block of ${BLOCK} bytes`)
    const sumsPath = join(directory, 'checksums')
    saveChecksums(sumsPath, sums)
    const common = {
      checksums: sumsPath,
      blockSize: BLOCK,
      fileSize: undefined,
      cache: 'any',
      drop: undefined,
      direct: 0,
      milliseconds: MILLISECONDS,
      latencyMilliseconds: 0,
    } as const

    const rows: Row[] = []
    for (const { title, workload, on, inFlight } of workloads) {
      for (const contender of CONTENDERS) {
        progress.show(1 + rows.length, `${title}: ${contender}`)
        const task = { ...common, workload, inFlight, path: on === 'source' ? source : scratch }
        rows.push({ contender, title, result: await compete(contender, task) })
      }
    }
    progress.show(steps + 1, 'done')
    progress.end()
    console.log(
      `${source}: ${figure(sums.blocks.length)} blocks of 4 KiB, in the page cache; contents verified by CRC-32\n`,
    )
    console.log(report(rows))
    return rows.some(({ result }) => typeof result === 'string') ? 1 : 0
  } finally {
    progress.end()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
