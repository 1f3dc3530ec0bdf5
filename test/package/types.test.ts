/** The declarations in the tarball, as a user's compiler resolves them, in each mode of Node or a bundler. */
// @thorough
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, temporaryDirectory } from '../support/harness.js'
import { pack, stagePackage } from './packed.js'

// It packs, and compiles several times.
t.setTimeout(5 * 60_000)

const { path: tarball } = pack(stagePackage(t))
const modules = join(packageRoot, 'node_modules')

function tool(name: string, args: readonly string[], cwd = packageRoot): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(modules, '.bin', name), args, { cwd, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

await t.test('are the types wrong', async (t) => {
  const { status, output } = tool('attw', ['--profile', 'node16', '--format', 'ascii', tarball])
  t.equal(status, 0, output)
  for (const entry of ['"caio"', '"caio/fs"', '"caio/register"', '"caio/testing"']) {
    t.ok(output.includes(entry), `${entry} was looked at`)
  }
})

await t.test('publint', async (t) => {
  const { status, output } = tool('publint', ['--strict', tarball])
  t.equal(status, 0, output)
  t.match(output, /All good/)
})

const directory = temporaryDirectory(t)
const installed = join(directory, 'node_modules/caio')
mkdirSync(installed, { recursive: true })
spawnSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
symlinkSync(join(modules, '@types'), join(directory, 'node_modules/@types'))
for (const name of ['types.mts', 'types.cts']) {
  cpSync(join(packageRoot, 'test/package/programs', name), join(directory, name))
}

const strict = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', 'node']
const resolutions = [
  { name: 'nodenext', args: ['--module', 'nodenext'], files: ['types.mts', 'types.cts'] },
  { name: 'node20', args: ['--module', 'node20'], files: ['types.mts', 'types.cts'] },
  { name: 'node16', args: ['--module', 'node16'], files: ['types.mts', 'types.cts'] },
  { name: 'bundler', args: ['--module', 'esnext', '--moduleResolution', 'bundler'], files: ['types.mts'] },
]
for (const { name, args, files } of resolutions) {
  await t.test(`tsc, ${name}`, async (t) => {
    const { status, output } = tool('tsc', [...strict, ...args, ...files], directory)
    t.equal(status, 0, output)
    t.equal(output, '')
  })
}
