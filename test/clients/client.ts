/**
 * Runs a client program on plain Node, then over caio on every backend in each requested way, and
 * compares their reports.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { OpcodeName } from 'caio'
import { requiredBackends, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import { same } from '../support/differential.js'
import type { Told, Way } from './launch.js'

export interface Client {
  /** File in programs/, without its extension. */
  program: string
  ways: readonly Exclude<Way, 'node'>[]
  /** Operations that the engine must have served: otherwise only Node has been tested. */
  engine: readonly OpcodeName[]
  /** Files that differ from run to run, since they contain times and inodes. */
  unlike?: RegExp
}

/** milliseconds, on a loaded machine */
const TIMEOUT = 120_000

const launcher = new URL('./launch.js', import.meta.url)
const preloads: Partial<Record<Way, string[]>> = {
  import: ['--import', 'caio/register'],
  'import callbacks': ['--import', 'caio/register/callbacks'],
}
const wholeFiles: readonly OpcodeName[] = ['readFile', 'writeFile']

/** The only test of a client's file. */
export async function sameAsOnNode({ program, ways, engine, unlike }: Client): Promise<void> {
  // The same path for all, since reports and files contain it.
  const directory = join(temporaryDirectory(t), 'work')

  async function run(way: Way, backend?: string): Promise<Told> {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    const script = new URL(`./programs/${program}.js`, import.meta.url).href
    const ended = await runProgram(launcher, [way, script, directory], {
      cwd: packageRoot, // where Node finds the package by its own name
      nodeArgs: ['--enable-source-maps', ...(preloads[way] ?? [])],
      env: { CAIO_IMPL: backend },
      timeout: TIMEOUT,
    })
    if (ended.code !== 0 || ended.stderr !== '') {
      throw new Error(`${program} (${way}): ${JSON.stringify(ended, null, 2)}`)
    }
    const told = JSON.parse(ended.stdout) as Told
    for (const name of Object.keys(told.files)) if (unlike?.test(name)) told.files[name] = 'differs from run to run'
    return told
  }

  const expected = await run('node')
  t.ok(Object.keys(expected.files).length > 0, `${program} has done something on plain Node`)
  for (const backend of requiredBackends) {
    for (const way of ways) {
      await t.test(`${program} by ${way} on ${backend}`, async (t) => {
        const { story, files, stats } = await run(way, backend)
        same(t, story, expected.story, 'tells the same')
        same(t, files, expected.files, 'leaves the same files')
        t.equal(stats?.backend, backend)
        const served = engine.filter((name) => (stats?.operations[name] ?? 0) > 0)
        // `pure` leaves whole files to Node.
        same(
          t,
          served,
          engine.filter((name) => backend !== 'pure' || !wholeFiles.includes(name)),
          'the engine has served',
        )
      })
    }
  }
}
