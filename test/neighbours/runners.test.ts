/**
 * Jest and Vitest load a program's modules themselves: results are as with Node alone there,
 * including their doubles.
 */
// @thorough
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import { onEveryBackend, packageCopy, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import { same } from '../support/differential.js'
import { whyMissing } from '../support/needed-packages.js'

t.setTimeout(10 * 60_000)

const runners = {
  jest: { test: 'all.test.js', bin: 'jest/bin/jest.js', args: ['--ci', '--silent'], uses: 'jest' },
  // Its tests are ES modules.
  vitest: { test: 'all.test.mjs', bin: 'vitest/vitest.mjs', args: ['run', '--globals'], uses: 'vi' },
}

/**
 * Node alone; `caio/fs` in place of `fs/promises`; patched by a test; or as a preload of the whole
 * runner.
 */
type Way = 'node' | 'caio/fs' | 'patch' | 'preload'

const program = (doubles: string): string => `
  const { walk } = require('./walk.cjs')
  const load = () => (process.env.WAY === 'caio/fs' ? require('caio/fs') : require('fs/promises'))
  test('all', async () => {
    const fs = require('fs')
    const { writeFileSync, existsSync } = fs
    if (process.env.WAY === 'patch') require('caio').patch({ callbacks: true })
    const directory = process.env.DIRECTORY
    const promises = load()
    const story = await walk({ ...fs, promises }, directory)
    const spy = ${doubles}.spyOn(fs, 'lstat')
    ${doubles}.spyOn(promises, 'readFile').mockResolvedValueOnce('double')
    ${doubles}.spyOn(fs, 'stat').mockImplementationOnce((path, callback) => callback(null, 'double'))
    ${doubles}.spyOn(fs, 'writeFile').mockImplementationOnce((...args) => args.at(-1)(null))
    const never = directory + '/never'
    const doubled = [
      await promises.readFile(never),
      await new Promise((resolve) => fs.stat(never, (error, value) => resolve(value))),
      await new Promise((resolve) => fs.writeFile(never, 'never', resolve)),
      existsSync(never),
      await new Promise((resolve) => fs.lstat(directory, (error, stats) => resolve(stats.isDirectory()))),
      spy.mock.calls.length,
      // Node's error is not of the sandbox's class; caio's is.
      await promises.readFile(never).catch((error) => [error.code, require('util').types.isNativeError(error)]),
    ]
    ${doubles}.restoreAllMocks()
    await promises.writeFile(never, 'now')
    doubled.push(await promises.readFile(never, 'utf8'), fs.readFileSync(never, 'utf8'))
    writeFileSync(process.env.OUTCOME, JSON.stringify([story, doubled]))
  })
`

function projectFor(name: keyof typeof runners): string {
  const { test, uses } = runners[name]
  const directory = temporaryDirectory(t)
  fs.mkdirSync(join(directory, 'node_modules'))
  fs.cpSync(packageCopy(t, 'package.json', 'copied'), join(directory, 'node_modules/caio'), { recursive: true })
  fs.writeFileSync(join(directory, 'package.json'), '{}')
  fs.writeFileSync(join(directory, 'vitest.config.mjs'), 'export default {}\n')
  const header = test.endsWith('.mjs')
    ? "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n"
    : ''
  fs.writeFileSync(join(directory, test), header + program(uses))
  const walk = join(packageRoot, 'dist/test/neighbours/walk.js')
  const bundled = ['--bundle', '--platform=node', '--format=cjs', `--outfile=${join(directory, 'walk.cjs')}`]
  execFileSync(join(packageRoot, 'node_modules/.bin/esbuild'), [walk, ...bundled, '--log-level=error'])
  return directory
}

for (const name of Object.keys(runners) as (keyof typeof runners)[]) {
  const missing = whyMissing([name])
  await t.test(name, { skip: missing }, async (t) => {
    const { bin, args } = runners[name]
    const require = createRequire(join(process.env['CAIO_TEST_NEIGHBOURS'] as string, 'main.js'))
    const runner = join(dirname(require.resolve(`${name}/package.json`)), '..', bin)
    const project = projectFor(name)
    const work = join(project, 'work')
    const outcome = join(project, 'outcome.json')
    t.jobs = 1

    async function run(way: Way, backend?: string): Promise<unknown> {
      for (const path of [work, outcome]) fs.rmSync(path, { recursive: true, force: true })
      fs.mkdirSync(work)
      const { code, stdout, stderr } = await runProgram(runner, args, {
        cwd: project,
        env: {
          WAY: way,
          DIRECTORY: work,
          OUTCOME: outcome,
          CAIO_IMPL: backend,
          NODE_OPTIONS: way === 'preload' ? '--require caio/register/callbacks' : '',
        },
        timeout: 120_000,
      })
      if (code !== 0) throw new Error(`${name}, ${way}: ended with ${String(code)}: ${stdout}${stderr}`)
      return JSON.parse(fs.readFileSync(outcome, 'utf8')) as unknown
    }

    const expected = await run('node')
    for (const way of ['caio/fs', 'patch', 'preload'] as const) {
      onEveryBackend(t, way, async (t, backend) => same(t, await run(way, backend), expected, 'is as with Node alone'))
    }
  })
}
