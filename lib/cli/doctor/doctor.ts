/** `caio doctor`: tells what works here, what does not, and the remedies. */
import { parseArgs } from 'node:util'
import type { BackendName } from '../../protocol/port.js'
import { UsageError } from '../usage-error.js'
import { examine } from './report.js'
import { formatReport } from './terminal.js'

const usage = `Usage: caio doctor [DIR] [options]

Says which backends work here and which one is chosen, what the kernel allows, and what the file system under DIR (default: the
current directory) supports, as found by real operations on a temporary file in it. Each problem comes with its remedy.
The exit code is 1 if a backend that is asked for, by --backend, CAIO_IMPL or default_implementation, cannot be had.

  --backend NAME  asks for linux, thread, pure or uring, as a program would in code
  --json          prints all of it as JSON
  -h, --help      this text
`

const names: readonly string[] = ['linux', 'thread', 'pure', 'uring'] satisfies BackendName[]

export interface Options {
  directory: string
  backend: BackendName | undefined
  json: boolean
  help: boolean
}

/**
 * Parses the command line.
 * @param args the arguments after `caio doctor`
 * @throws {UsageError}
 */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) throw new UsageError(`only one directory, please: ${positionals.join(' ')}`)
  const { backend, json = false, help = false } = values
  if (backend !== undefined && !names.includes(backend)) {
    throw new UsageError(`no such backend: ${backend} (there are ${names.join(', ')})`)
  }
  return { directory: positionals[0] ?? '.', backend: backend as BackendName | undefined, json, help }
}

function parse(args: readonly string[]) {
  const boolean = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { backend: { type: 'string' }, json: boolean, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/**
 * Runs `caio doctor`.
 * @returns the exit code
 */
export function doctor(args: readonly string[], version: string): number {
  const { directory, backend, json, help } = parseOptions(args)
  if (help) {
    console.log(usage)
    return 0
  }
  const report = examine({ directory, version, ...(backend && { backend }) })
  console.log(json ? JSON.stringify(report, undefined, 2) : formatReport(report))
  return report.problems.some(({ severity }) => severity === 'error') ? 1 : 0
}
