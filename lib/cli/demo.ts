/** `caio demo`: the main job on real input. The same loops over node:fs/promises and over caio/fs on each backend. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answer, Report } from './contender.js'
import { BLOCK, checksums, makeSampleFile } from './sample-file.js'
import { Progress, figure, table } from './text.js'
import { workloads } from './workloads.js'
import type { Task, WorkloadName } from './workloads.js'

const SAMPLE_BYTES = 256 * 1024 * 1024
const MILLISECONDS = 2000
const CONTENDERS = ['node', 'linux', 'thread', 'pure']

async function compete(contender: string, task: Task): Promise<Report | string> {
  const child = fork(fileURLToPath(new URL('./contender.js', import.meta.url)), [contender], {
    serialization: 'advanced',
    // Its warnings (a backend that does not work here) are told in the table.
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  })
  const answered = once(child, 'message') as Promise<[Answer]>
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the ${contender} contender ended early (${signal ?? code})`)
  })
  child.send(task)
  const [answer] = await Promise.race([answered, exited])
  exited.catch(() => undefined) // it may exit now
  return 'error' in answer ? answer.error : answer.report
}

interface Row {
  contender: string
  workload: WorkloadName
  result: Report | string
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
    `${figure(result.loopDelay)} ms`,
    `${figure(result.cpu)} us`,
    figure(result.verified),
  ]
}

function report(rows: readonly Row[]): string {
  const lines: string[][] = []
  for (const [name, { title }] of Object.entries(workloads)) {
    const these = rows.filter((row) => row.workload === name)
    const node = these.find((row) => row.contender === 'node')?.result
    lines.push([title])
    for (const row of these) lines.push(describe(row, typeof node === 'object' ? node : undefined))
  }
  return table(['', 'operations/s', 'to node', 'loop delay p99', 'CPU/operation', 'verified'], lines)
}

/**
 * @param path a file to read, of one block at least; it is never written to. Default: one of 256 MiB, made for the run.
 * @returns the exit code
 */
export async function demo(path?: string): Promise<number> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'caio-demo-'))
  const steps = CONTENDERS.length * Object.keys(workloads).length
  const progress = new Progress(steps + 1)
  try {
    const source = path ?? join(directory, 'source')
    const scratch = join(directory, 'scratch')
    const making = path ? `copying ${path}` : 'making a file of 256 MiB'
    if (!path) makeSampleFile(source, SAMPLE_BYTES / BLOCK, (fraction) => progress.show(fraction, making))
    else progress.show(0, making)
    fs.copyFileSync(source, scratch)
    fs.chmodSync(scratch, 0o600)
    const { blocks, whole } = checksums(source)
    if (blocks.length === 0) throw new Error(`${source} is smaller than one block of ${BLOCK} bytes`)

    const rows: Row[] = []
    for (const workload of Object.keys(workloads) as WorkloadName[]) {
      for (const contender of CONTENDERS) {
        progress.show(1 + rows.length, `${workloads[workload].title}: ${contender}`)
        const task: Task = { workload, source, scratch, blocks, whole, milliseconds: MILLISECONDS }
        rows.push({ contender, workload, result: await compete(contender, task) })
      }
    }
    progress.show(steps + 1, 'done')
    progress.end()
    console.log(`${source}: ${figure(blocks.length)} blocks of 4 KiB, in the page cache; contents verified by CRC-32\n`)
    console.log(report(rows))
    return rows.some(({ result }) => typeof result === 'string') ? 1 : 0
  } finally {
    progress.end()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
