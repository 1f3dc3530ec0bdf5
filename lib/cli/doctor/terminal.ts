/** The report, for people. */
import { QUEUE_CAPACITY } from '../../protocol/port.js'
import { WHY_OPT_IN } from '../../backends/uring.js'
import { bytes } from '../text.js'
import type { DirectAlignment } from '../../engine/alignment.js'
import type { BackendState } from './backends.js'
import type { Directory, Verdict } from './directory.js'
import { handOffText } from './hand-off.js'
import type { Report } from './report.js'

const POOL = 'our threads serve'

/** What is tried, and the text if it is served, and if not. */
const questions: [keyof Directory['answers'], string, served: string, otherwise: string][] = [
  ['nowaitReadCached', 'NOWAIT read, cached', 'read without a thread hop', POOL],
  ['resident', 'resident pages', 'read without a thread hop', POOL],
  ['nowaitReadCold', 'NOWAIT read, not cached', 'it may have waited', POOL],
  ['nowaitWrite', 'NOWAIT write', 'not used: our threads serve', POOL],
  ['nowaitDirectRead', 'NOWAIT direct read', 'kernel AIO serves', POOL],
  ['nowaitDirectWrite', 'NOWAIT direct write', 'kernel AIO serves', POOL],
  ['asyncSync', 'AIO fdatasync', 'accepted', 'refused'],
  ['resolveCached', 'open, path cached', 'looked up without waiting', POOL],
]

function lines(rows: readonly (readonly [string, string, string?])[]): string[] {
  const wide = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length))
  const [first, second] = [wide(0), wide(1)]
  return rows.map(([a, b, c = '']) => `  ${a.padEnd(first)}  ${c ? `${b.padEnd(second)}  ${c}` : b}`)
}

function meaning(name: string, verdict: Verdict, served: string, otherwise: string): string {
  if (verdict === 'unknown') return 'the page cache did not drop the block'
  if (name === 'nowaitReadCold' && verdict === 'EAGAIN') {
    return 'declined, as it should be: our threads serve, the event loop goes on'
  }
  return verdict === 'served' ? served : otherwise
}

function alignmentText({ memory, offset, by }: DirectAlignment): string {
  if (memory === 1 && offset === 1) return 'any memory, offset and length will do, as tried'
  return `memory at multiples of ${bytes(memory)}, offsets and lengths of ${bytes(offset)}, ${by === 'statx' ? 'as statx says' : 'as tried'}`
}

function directoryLines({ path, mount, unasked, answers, alignment }: Directory): string[] {
  const on = mount
    ? `${mount.type} on ${mount.source}, mounted at ${mount.point} (${mount.options})`
    : 'file system unknown'
  const head = `${path}: ${on}`
  if (unasked !== undefined) return [head, `  nothing was asked of it: ${unasked}`]
  const rows: [string, string, string?][] = []
  for (const [name, question, served, otherwise] of questions) {
    const verdict = answers[name]
    if (verdict !== undefined) rows.push([question, verdict, meaning(name, verdict, served, otherwise)])
  }
  const direct = answers.direct
  if (direct !== undefined) rows.push(['O_DIRECT', direct, alignment ? alignmentText(alignment) : ''])
  return [head, ...(rows.length > 0 ? lines(rows) : [])]
}

const marks = { error: '✖', warning: '!', note: 'i' } as const

function stateText({ works, optIn, reason }: BackendState): string {
  const text = works ? 'works' : `does not work: ${reason ?? ''}`
  return optIn ? `${text}; only if asked for: ${WHY_OPT_IN}` : text
}

export function formatReport({
  caio,
  node,
  platform,
  kernel,
  cLibrary,
  seccomp,
  aio,
  backends,
  choice,
  handOff,
  directory,
  problems,
}: Report): string {
  const room = aio
    ? `${aio.inUse} of ${aio.most}: room for ${Math.max(0, Math.floor((aio.most - aio.inUse) / QUEUE_CAPACITY))} more processes or workers`
    : 'unknown'
  const by = choice.by === 'order' ? 'by the usual order' : `as ${choice.by} asks`
  const output = [
    [`caio ${caio}`, `Node ${node}`, platform, `kernel ${kernel}`, ...(cLibrary ? [cLibrary] : [])].join(', '),
    '',
    ...lines([
      ...backends.map((state): [string, string] => [state.name, stateText(state)]),
      ['chosen', `${choice.backend}, ${by}: ${choice.reason}`],
      ['hand-off', handOffText(handOff)],
    ]),
    '',
    ...(platform.startsWith('linux')
      ? [
          ...lines([
            ['fs.aio-nr', room],
            ['seccomp', seccomp ?? 'unknown'],
          ]),
          '',
        ]
      : []),
    ...directoryLines(directory),
    '',
  ]
  if (problems.length === 0) output.push('Nothing is wrong.')
  for (const { severity, what, remedy } of problems) output.push(`${marks[severity]} ${what}`, `  → ${remedy}`)
  return output.join('\n')
}
