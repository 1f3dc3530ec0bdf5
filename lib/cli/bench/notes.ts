/** Notes that explain the figures: the same sentences in the terminal and in the HTML report. */
import { bytes, figure } from '../text.js'
import type { Machine } from './machine.js'
import { harnessCosts, residencyBefore } from './results.js'
import type { BenchResults, RowResults } from './results.js'

/** A line about the report's machine. */
export function machineLine({ cpu, cores, memory, platform, kernel, node, mount }: Machine): string {
  const disk = mount ? `${mount.type} on ${mount.source} at ${mount.point}` : 'unknown file system'
  return `${cpu}, ${cores} cores, ${bytes(memory)}; ${platform} ${kernel}; Node ${node}; ${disk}`
}

const percent = (part: number): string => `${figure(part * 100)}%`

function harnessNote(rows: readonly RowResults[]): string[] {
  const costs = harnessCosts(rows)
  if (costs.length === 0) return []
  const each = costs.map(
    ({ inFlight, nanoseconds, part }) =>
      `${figure(nanoseconds)} ns per operation at ${inFlight} in flight` +
      (part > 0 ? ` (${percent(part)} of what the fastest takes)` : ''),
  )
  return [
    `The harness itself, with an async function that does nothing, costs ${each.join(' and ')}; it is not subtracted.`,
  ]
}

function cacheNotes({ rows, pageCache, machine }: BenchResults): string[] {
  const notes: string[] = []
  const state = (cache: 'hot' | 'cold'): { min: number; max: number } | undefined => {
    const found = rows
      .filter(({ row }) => row.cache === cache)
      .map((results) => residencyBefore(results))
      .filter((part) => part !== undefined)
    if (found.length === 0) return undefined
    return { min: Math.min(...found.map(({ min }) => min)), max: Math.max(...found.map(({ max }) => max)) }
  }
  const hot = state('hot')
  if (hot) {
    notes.push(
      `Cached: when each trial began, fincore found at least ${percent(hot.min)} of the file in the page cache.`,
    )
  }
  const cold = state('cold')
  if (rows.some(({ row }) => row.cache === 'cold')) {
    const how = pageCache.drop === 'drop_caches' ? '/proc/sys/vm/drop_caches' : 'posix_fadvise(POSIX_FADV_DONTNEED)'
    const seen = cold
      ? `; fincore found at most ${percent(cold.max)} of it there`
      : '; fincore is missing, so this was not checked'
    notes.push(
      `Cold: before each pass ${how} dropped the file from the page cache${seen}. Caches of the device, or of a host below it, are not emptied.`,
    )
  }
  if (!pageCache.fincore && hot === undefined) {
    notes.push('fincore(1) is missing: the state of the page cache is as intended, but unchecked.')
  }
  if (machine.load > 0.5) {
    const why = 'busy neighbours cost contenders that work on one thread more than those with many'
    notes.push(`The machine was not idle: its load was ${figure(machine.load)} before the run, and ${why}.`)
  }
  return notes
}

function verifiedNote(rows: readonly RowResults[]): string {
  const all = rows.flatMap(({ results }) => results.flatMap(({ rounds }) => rounds.map(({ verified }) => verified)))
  const sum = all.reduce((total, verified) => total + verified, 0)
  return `${sum.toLocaleString('en-US')} blocks and files were compared with what had been written there; one that differs fails the contender.`
}

/** Sentences that can each be read alone. */
export function notes(results: BenchResults): string[] {
  const { rounds, quick, duration } = results.options
  return [
    `Medians of ${rounds} alternating rounds, each trial in its own process, ${figure(duration)} ms per measurement after a warm-up; min – max are over the rounds.` +
      (rounds < 5 || quick ? ' Short and few: a first look, no basis for conclusions.' : ''),
    ...(results.chosenOf === undefined
      ? []
      : [
          `--quick chose ${results.rows.length} of ${results.chosenOf} rows, and at most one of caio’s backends and one other runtime unless you name them; \`--list\` prints all, \`--rows\` names some.`,
        ]),
    'Percentiles are of single operations, timed in a pass of their own: each lane starts its next operation when its last one has settled.',
    'CPU time is the user and system time of the process with all its threads; that of the kernel’s own workers is not included.',
    ...(results.contenders.some(({ id }) => id === 'node-uring')
      ? ['“node, io_uring” is node:fs/promises with UV_USE_IO_URING=1 in the environment.']
      : []),
    ...(results.contenders.some(({ id }) => id === 'sync')
      ? [
          '“synchronous” is the synchronous function of node:fs, called in an async function: nothing else runs meanwhile.',
        ]
      : []),
    ...cacheNotes(results),
    ...harnessNote(results.rows),
    verifiedNote(results.rows),
    ...results.skipped.map(({ id, reason }) => `Left out: ${id}, since ${reason}.`),
    ...results.missing.map(({ id, reason }) => `Not here: ${id}: ${reason}.`),
  ]
}
