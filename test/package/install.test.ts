/** Installation for a user that has Node, but no compiler, Python or network. */
// @thorough
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requiredBackends } from '../support/harness.js'
import { checkElf } from './elf.js'
import { emptyMachine, install, installedAt, pack, prebuild, program, runThere, stagePackage } from './packed.js'

t.setTimeout(5 * 60_000)

const best = requiredBackends[0]
const platform = `${process.platform}-${process.arch}`
const stage = stagePackage(t)
prebuild(stage, platform)
const tarball = pack(stage)
const machine = emptyMachine(t)
const MOST_BYTES = 1_000_000
const file = join(machine.directory, 'file')
const notLinux = process.platform !== 'linux' && 'the prebuild is of Linux'

await t.test('the prebuild', async (t) => {
  if (process.platform !== 'linux') return void t.pass('is no ELF file here')
  checkElf(t, join(stage, 'prebuilds', platform))
})

await t.test('the tarball', async (t) => {
  const paths = tarball.files.map(({ path }) => path)
  const needed = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'binding.gyp',
    'native/node/addon.cc',
    'lib/engine/context.ts',
  ]
  for (const path of [
    ...needed,
    'dist/preload.cjs',
    'dist/caio.cjs',
    'dist/callbacks.cjs',
    'dist/toolkit.cjs',
    'dist/index.js',
    'dist/index.cjs',
    'dist/fs.js',
    'dist/fs.cjs',
    'dist/register.cjs',
    'dist/compat/index.d.ts',
    'dist/lib/cli/main.js',
  ]) {
    t.ok(paths.includes(path), `holds ${path}`)
  }
  t.ok(
    paths.some((path) => path.startsWith(`prebuilds/${platform}/`)),
    'holds the prebuild',
  )
  t.ok(tarball.size < MOST_BYTES, `${tarball.size} bytes are less than a megabyte`)
  const unwanted = paths.filter((path) => /^(?:dist\/test\/|test\/|build|\.|tsconfig|package-lock)|\.tgz$/.test(path))
  t.same(unwanted, [], 'holds nothing that a user has no use for')
  const missing = paths
    .filter((path) => path.endsWith('.js.map'))
    .filter((path) => {
      const { sources } = JSON.parse(readFileSync(join(stage, path), 'utf8')) as { sources: string[] }
      return !sources.every((source) => paths.includes(join(path, '..', source)))
    })
  t.same(missing, [], 'holds what its source maps point to')
})

await t.test('npm install', async (t) => {
  t.doesNotThrow(() => install(machine, tarball.path), 'needs no network')
  const lock = JSON.parse(readFileSync(join(machine.directory, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  const scripts = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  t.same(scripts, [], 'has no script to run')
  t.ok('node_modules/caio' in lock.packages, 'has installed it')
  t.notOk(existsSync(join(installedAt(machine), 'build')), 'has compiled nothing')
})

const expected = { backend: best, reason: /first choice/, read: 'positioned', whole: 15, same: true }
for (const name of ['use.mjs', 'use.cjs']) {
  await t.test(`${name} as it is`, async (t) => {
    t.match(JSON.parse(runThere(machine, [program(machine, name), file])), expected)
  })

  await t.test(`${name} where node-gyp-build finds musl`, { skip: notLinux }, async (t) => {
    const there = { ...machine, env: { ...machine.env, LIBC: 'musl' } }
    t.match(JSON.parse(runThere(there, [program(machine, name), file])), expected)
  })

  await t.test(`${name} under --permission without --allow-addons`, async (t) => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
    const args = ['--no-warnings', flag, '--allow-fs-read=*', '--allow-fs-write=*', program(machine, name), file]
    t.match(JSON.parse(runThere(machine, args)), { ...expected, backend: 'pure', reason: /addon/i })
  })
}

for (const by of ['--import', '--require']) {
  await t.test(`${by} caio/register`, async (t) => {
    const answer = runThere(machine, [by, 'caio/register', program(machine, 'patched.cjs'), file])
    t.match(JSON.parse(answer), { bytesWritten: 10, server: 'caio' })
  })
}

await t.test('the command', async (t) => {
  const command = join(machine.directory, 'node_modules/.bin/caio')
  t.match(runThere(machine, ['--help'], command), /^Usage: caio/)
})
