/** The preload in NODE_OPTIONS: every child process inherits it, whatever its flags. */
// @thorough
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'

const directory = temporaryDirectory(t)
const path = (name: string): string => join(directory, name)
/** Prints which implementation serves. */
const tell = "console.log(require('node:fs').promises.readFile.toString().includes('FileHandle') ? 'node' : 'caio')"
writeFileSync(path('app.cjs'), tell)
writeFileSync(
  path('app.mjs'),
  `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); ${tell}`,
)
writeFileSync(path('app.test.cjs'), `require('node:test').test('a test', () => { ${tell} })`)
writeFileSync(
  path('worker.cjs'),
  `new (require('node:worker_threads').Worker)(${JSON.stringify(tell)}, { eval: true })`,
)
writeFileSync(path('hooks.mjs'), 'export const resolve = (specifier, context, next) => next(specifier, context)')

const ways: Readonly<Record<string, readonly string[]>> = {
  'a CommonJS program': [path('app.cjs')],
  'an ES module': [path('app.mjs')],
  'a program on the command line': ['-e', tell],
  'an ES module on the command line': [
    '--input-type=module',
    '-e',
    `import { createRequire } from 'node:module'; const require = createRequire('/'); ${tell}`,
  ],
  'a process that does not hear of deprecations': ['--no-deprecation', path('app.cjs')],
  'a process with frozen intrinsics': ['--no-warnings', '--frozen-intrinsics', path('app.cjs')],
  'a process that cannot require ES modules': ['--no-experimental-require-module', path('app.cjs')],
  'a process with a loader': ['--no-warnings', '--experimental-loader', path('hooks.mjs'), path('app.mjs')],
  'a test runner': ['--test', '--test-reporter=tap', path('app.test.cjs')],
  'a worker made from text': [path('worker.cjs')],
}

const preloads = {
  '--require': 'caio/register',
  '--import': 'caio/register',
  'callbacks, --require': 'caio/register/callbacks',
}

for (const [how, entry] of Object.entries(preloads)) {
  const flag = how.replace('callbacks, ', '')
  for (const [name, args] of Object.entries(ways)) {
    await t.test(`${how}: ${name}`, async (t) => {
      const [program, ...rest] = [...args].reverse() as [string, ...string[]]
      const { code, stdout, stderr } = await runProgram(program, [], {
        cwd: packageRoot,
        nodeArgs: rest.reverse(),
        env: { NODE_OPTIONS: `${flag} ${entry}` },
      })
      t.equal(code, 0, stderr)
      t.equal(stderr, '')
      // On these versions such a worker does not wait for its imports, whatever they are.
      const isLate = name.startsWith('a worker') && flag === '--import' && /^2[06]\./.test(process.version.slice(1))
      if (!isLate) t.match(stdout, /\bcaio\b/)
    })
  }
}
