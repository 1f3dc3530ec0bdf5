/** The command line of `caio bench`. */
import { UsageError } from '../usage-error.js'
import { parseArgs } from 'node:util'
import type { BackendName } from '../../protocol/port.js'

const MIB = 1024 * 1024

export interface Options {
  directory: string
  /** backends of caio to measure; undefined: all that work */
  backends: BackendName[] | undefined
  /** ids of contenders; undefined: all that are found */
  contenders: string[] | undefined
  /** ids of rows and groups; undefined: all */
  rows: string[] | undefined
  /** first words of ids of rows; undefined: any */
  only: string[] | undefined
  rounds: number
  quick: boolean
  /** milliseconds per measurement */
  duration: number
  /** bytes of the large file */
  size: number
  json: string | undefined
  html: string | undefined
  /** programs to use instead of those in PATH */
  paths: { bun?: string; deno?: string; fio?: string }
  /** Runs whole programs instead of rows: these, or all if there are no names. */
  programs: { names: string[] | undefined } | undefined
  /** number of files in the trees that programs use */
  files: number
  help: boolean
}

export const usage = `Usage: caio bench [DIR] [options]
       caio bench [DIR] --programs [NAME ...] [options]

Measures everyday file work through node:fs/promises, through caio/fs on each backend, and through fio, Bun and Deno where
they are installed: each trial in a process of its own, in alternating rounds, contents verified. All files are made in a
new directory inside DIR (default: the current directory), which should be on the disk to measure, and removed at the end.

What to measure:
  --rows LIST        ids or groups, separated by commas: table, calls, in-flight, block-size, file-size, or what \`--list\`
                     prints; calls are those of fs/promises, where one of caio's stands for all unless you name others
  --only LIST        of these rows, those whose ids begin with one of these words: \`--rows calls --only stat,readdir\`
  --backend LIST     of caio's: linux, thread, pure, uring (default: those that work here, without uring)
  --contenders LIST  only these: node, node-uring, sync (node:fs's synchronous functions, in calls at 1 in flight), linux, thread,
                     pure, uring, bun, deno, fio-libaio, fio-io_uring, fio-batched
  --list             prints the rows and the contenders found, and measures nothing

Whole programs:
  --programs [NAME ...]
                     runs programs, or those that are named, whose packages are found from DIR; installs nothing. Each runs on
                     plain node, under the preloads (preload is caio/register, callbacks is caio/register/callbacks), by its
                     package's synchronous functions where it has them, and on Bun and Deno where they are installed. Times are
                     multiples of plain node's, and a contender whose result differs is an error. \`--programs --list\` prints
                     what is found. Of the other options these apply: --backend, --contenders (node, preload, callbacks, sync,
                     bun, deno), --rounds, --quick, --json, --html, --bun, --deno
  --files N          how many files a program works on; some take a multiple or a part of it (default 650; 200 with --quick)

How long:
  --rounds N         rounds, of which the median counts (default 5; 3 with --quick)
  --quick            a first look, not for conclusions: in 90 seconds, a few rows (or those that --rows names) through node, one
                     of caio's backends and Bun (or those that --contenders names), in short measurements
  --duration MS      of one measurement (default 1000; 150 with --quick)
  --size MIB         of the large file, at least 64 (default 512; 128 with --quick)

What to write:
  --json FILE        all that was measured, with a description of the machine
  --html FILE        a report with plots, in one file that needs no other

Where other programs are: --bun PATH, --deno PATH, --fio PATH (default: looked for in PATH)

  -h, --help         this text
`

function wholeNumber(name: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) {
    throw new UsageError(`--${name} needs a whole number of at least ${least}, not ${text}`)
  }
  return value
}

function list(values: readonly string[] | undefined): string[] | undefined {
  const items = values
    ?.flatMap((value) => value.split(','))
    .map((item) => item.trim())
    .filter(Boolean)
  return items?.length ? [...new Set(items)] : undefined
}

const backendNames: readonly string[] = ['linux', 'thread', 'pure', 'uring'] satisfies BackendName[]

/**
 * Parses the command line.
 * @param args the arguments after `caio bench`
 * @throws {UsageError}
 */
export function parseOptions(args: readonly string[]): Options & { list: boolean } {
  const { values, tokens } = parse(args)
  const { directories, names } = splitWords(tokens)
  if (directories.length > 1) throw new UsageError(`only one directory, please: ${directories.join(' ')}`)
  const useless = values.programs ? ofRows : ofPrograms
  const misplaced = useless.find((name) => values[name] !== undefined)
  if (misplaced !== undefined) {
    throw new UsageError(`--${misplaced} has no meaning with${values.programs ? '' : 'out'} --programs`)
  }
  const backends = list(values.backend)
  const unknown = backends?.find((name) => !backendNames.includes(name))
  if (unknown !== undefined) throw new UsageError(`no such backend: ${unknown} (there are ${backendNames.join(', ')})`)
  const quick = values.quick ?? false
  return {
    directory: directories[0] ?? '.',
    backends: backends as BackendName[] | undefined,
    contenders: list(values.contenders),
    rows: list(values.rows),
    only: list(values.only),
    rounds: wholeNumber('rounds', values.rounds, quick ? 3 : 5, 1),
    quick,
    duration: wholeNumber('duration', values.duration, quick ? 150 : 1000, 10),
    size: wholeNumber('size', values.size, quick ? 128 : 512, 64) * MIB,
    json: values.json,
    html: values.html,
    programs: values.programs ? { names: list(names) } : undefined,
    files: wholeNumber('files', values.files, quick ? 200 : 650, 1),
    paths: {
      ...(values.bun !== undefined && { bun: values.bun }),
      ...(values.deno !== undefined && { deno: values.deno }),
      ...(values.fio !== undefined && { fio: values.fio }),
    },
    list: values.list ?? false,
    help: values.help ?? false,
  }
}

/** options for rows only, and for programs only */
const ofRows = ['rows', 'only', 'duration', 'size', 'fio'] as const
const ofPrograms = ['files'] as const

interface Words {
  directories: string[]
  names: string[]
}

/** Splits words. After `--programs` they name programs, unless they look like a path; all others are directories. */
function splitWords(tokens: ReturnType<typeof parse>['tokens']): Words {
  const words: Words = { directories: [], names: [] }
  let isAfter = false
  for (const token of tokens) {
    if (token.kind === 'option' && token.name === 'programs') isAfter = true
    if (token.kind !== 'positional') continue
    const isName = isAfter && !/[/\\]|^\.\.?$/.test(token.value)
    words[isName ? 'names' : 'directories'].push(token.value)
  }
  return words
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const
  const boolean = { type: 'boolean' } as const
  const many = { type: 'string', multiple: true } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      tokens: true,
      options: {
        backend: many,
        contenders: many,
        rows: many,
        only: many,
        rounds: string,
        quick: boolean,
        duration: string,
        size: string,
        json: string,
        html: string,
        bun: string,
        deno: string,
        fio: string,
        programs: boolean,
        files: string,
        list: boolean,
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
