/** How programs were measured, for the reports. */
import { figure } from '../../text.js'
import type { ProgramsResults } from './results.js'

export function notes({ options, machine, contenders, missing, skipped, programs }: ProgramsResults): string[] {
  const names = programs.flatMap(({ packages }) => packages)
  return [
    `Medians of ${options.rounds} alternating rounds, each trial in its own process.` +
      (options.rounds < 5 || options.quick ? ' Few and small: a first look, no basis for conclusions.' : ''),
    'The first table and the CPU times are of the work alone, after the packages have been loaded. The second table is of whole processes, from start to exit, and includes what a preload costs.',
    'Multiples of times say how many times as fast as node: more is better. Those of CPU time and memory say how many times as much: less is better.',
    '“min – max” are node’s own rounds, in parts of their median: differences smaller than that are noise.',
    ...(contenders.some(({ id }) => id === 'sync')
      ? ['“synchronous” is the same program by its package’s synchronous functions: nothing else runs meanwhile.']
      : []),
    'What the programs found and the trees that they left were compared: an outcome that differs from the others’ is a failure.',
    ...(names.length > 0 ? [`Packages: ${names.join(', ')}.`] : []),
    ...(machine.load > 0.5 ? [`The machine was not idle: its load was ${figure(machine.load)} before the run.`] : []),
    ...skipped.map(({ id, reason }) => `${id}: ${reason}.`),
    ...missing.map(({ id, reason }) => `Not here: ${id}: ${reason}.`),
  ]
}
