/** The system calls that may be made on the JavaScript thread, as docs/architecture.md lists them. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../support/harness.js'

/** The names in its table. */
export function documentedCalls(): Set<string> {
  const text = fs.readFileSync(join(packageRoot, 'docs/architecture.md'), 'utf8')
  const [, section = ''] = /^## System calls on the JavaScript thread$([^]*?)(?=^## |$(?![^]))/m.exec(text) ?? []
  return new Set([...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name as string))
}

let names: ReadonlyMap<number, string> | undefined

/** This machine's system calls by number, according to the C compiler. */
export function systemCallNames(): ReadonlyMap<number, string> {
  names ??= new Map(
    [
      ...spawnSync('cc', ['-E', '-dM', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null'], {
        encoding: 'utf8',
      }).stdout.matchAll(/^#define __NR_(\w+) (\d+)$/gm),
    ].map(([, name = '', number]) => [Number(number), name]),
  )
  return names
}
