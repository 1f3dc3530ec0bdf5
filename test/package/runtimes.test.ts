/**
 * Bun and Deno, if they are in PATH: caio loads there, `pure` serves, and the shim behaves like the
 * runtime's own fs.
 */
// @thorough
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageCopy, packageRoot, temporaryDirectory } from '../support/harness.js'

interface Runtime {
  name: string
  command: string[]
  /**
   * Files of the shim's suite that the runtime's own fs passes, compared with itself; caio's must
   * pass them, too.
   */
  files: string[]
}

const common = [
  'arguments-read',
  'arguments-vectors',
  'descriptor-reuse',
  'fairness',
  'genuine',
  'integrity',
  'memfs',
  'methods',
  'positions',
  'streams',
  'streams-and-close',
]

// Not included: tests of Node alone (register, permission, garbage, stack, process-life, transfer,
// workers), and of transferred memory, which each runtime handles in its own way. Bun's own fs
// fails write of a few odd arguments, close, and failures; Deno's has other names for some
// functions (exports) and fails whole-file.
const runtimes: Runtime[] = [
  { name: 'bun', command: ['bun'], files: [...common, 'exports', 'whole-file', 'tampered-globals'] },
  {
    name: 'deno',
    command: ['deno', 'run', '-A', '--node-modules-dir=manual'],
    files: [...common, 'arguments-write', 'close', 'whole-file-edges'],
  },
]

/** The package with the suites, and a `tap` that runs in these runtimes. */
function stage(): string {
  const directory = packageCopy(t, 'dist/test', 'none')
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, 'tap'))
  cpSync(join(packageRoot, 'dist/test/package/plain-tap.js'), join(modules, 'tap/index.js'))
  writeFileSync(join(modules, 'tap/package.json'), '{ "name": "tap", "type": "module", "exports": "./index.js" }')
  symlinkSync(join(packageRoot, 'node_modules/memfs'), join(modules, 'memfs'))
  return directory
}

/** A project with caio among its dependencies; otherwise Deno does not search node_modules. */
function project(caio: string): string {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(caio, join(directory, 'node_modules/caio'))
  writeFileSync(join(directory, 'package.json'), '{ "dependencies": { "caio": "*" } }')
  for (const name of ['use.mjs', 'use.cjs']) {
    cpSync(join(packageRoot, 'test/package/programs', name), join(directory, name))
  }
  return directory
}

const directory = stage()
const app = project(directory)
t.setTimeout(10 * 60_000)
t.ok(app, 'staged')

for (const {
  name,
  command: [command = '', ...args],
  files,
} of runtimes) {
  const absent = spawnSync(command, ['--version']).status !== 0 && `no ${name} in PATH`
  const run = (
    file: string,
    cwd: string,
    subject: string,
    ...rest: string[]
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(command, [...args, file, ...rest], {
      cwd,
      env: {
        ...process.env,
        CAIO_IMPL: undefined,
        CAIO_TEST_BACKENDS: 'pure',
        CAIO_TEST_SUBJECT: subject,
        NO_COLOR: '1',
      },
      encoding: 'utf8',
      timeout: 60_000,
    })

  for (const program of ['use.mjs', 'use.cjs']) {
    await t.test(`${name}: ${program}`, { skip: absent }, async (t) => {
      const { status, stdout, stderr } = run(program, app, 'pure', join(app, 'file'))
      t.equal(status, 0, stderr)
      t.match(JSON.parse(stdout), {
        backend: 'pure',
        reason: /no libuv event loop/,
        read: 'positioned',
        whole: 15,
        same: true,
      })
    })
  }

  for (const file of files) {
    await t.test(`${name}: ${file}`, { skip: absent }, async (t) => {
      const { status, stdout, stderr } = run(join('dist/test/fs/contract', `${file}.test.js`), directory, 'pure')
      t.match(stdout, /^# \{ total: [1-9]\d*, pass: \d+, fail: 0 \}$/m, /^not ok.*/m.exec(stdout)?.[0] ?? stderr)
      t.equal(status, 0)
    })
  }
}
