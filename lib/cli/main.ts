#!/usr/bin/env node
/** `caio`: the command line. */
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { bench } from './bench/bench.js'
import { UsageError } from './usage-error.js'
import { demo } from './demo.js'
import { doctor } from './doctor/doctor.js'

const usage = `Usage: caio <command>

Commands:
  doctor [DIR] [...]    what works here and what does not, each problem with its remedy; \`caio doctor --help\` tells more
  demo [FILE]           random reads, durable writes and whole-file reads through node:fs/promises and through caio/fs on each
                        backend, verified and compared; FILE is only read (default: 256 MiB made for the run)
  bench [DIR] [...]     measures this machine's disk through node:fs/promises, caio/fs, fio, Bun and Deno; or measures whole programs
                        under the preloads; \`caio bench --help\` tells more

Options:
  -h, --help     this text
  -v, --version  the version
`

function version(): string {
  return (JSON.parse(fs.readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
}

async function main(args: string[]): Promise<number> {
  if (args[0] === 'bench') return bench(args.slice(1), version())
  if (args[0] === 'doctor') return doctor(args.slice(1), version())
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
  })
  if (values.version) {
    console.log(version())
    return 0
  }
  const [command, ...operands] = positionals
  if (values.help || command === undefined) {
    console.log(usage)
    return values.help ? 0 : 2
  }
  if (command === 'demo' && operands.length <= 1) return demo(operands[0])
  console.error(`caio: no such command: ${positionals.join(' ')}\n\n${usage}`)
  return 2
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`caio: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
