/**
 * macOS and Windows as far as Linux can show them: the targets of binding.gyp, and the code paths
 * with a faked platform.
 */
// @thorough
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { packageCopy, packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import type { Choice } from '../contract/programs/choice.js'
import { nodeHeaders } from './packed.js'

const choice = 'dist/test/contract/programs/choice.js'
const tests = fileURLToPath(new URL('../contract', import.meta.url))

/** The target of binding.gyp on that system. */
function target(t: Test, os: 'linux' | 'mac' | 'win'): { type: string; sources: string[] } {
  const directory = temporaryDirectory(t)
  const gyp = join(packageRoot, 'node_modules/node-gyp/gyp/gyp_main.py')
  cpSync(join(packageRoot, 'binding.gyp'), join(directory, 'binding.gyp'))
  writeFileSync(join(directory, 'addon.gypi'), "{ 'target_defaults': { 'type': 'loadable_module' } }")
  const defines = [`-DOS=${os}`, '-Dmodule_root_dir=.']
  execFileSync('python3', [gyp, 'binding.gyp', '-f', 'gypd', '--depth=.', '-I', 'addon.gypi', ...defines], {
    cwd: directory,
    env: { ...process.env, NODE_PATH: join(packageRoot, 'node_modules') },
  })
  const told = readFileSync(join(directory, 'binding.gypd'), 'utf8')
  return { type: /'type': '(\w+)'/.exec(told)?.[1] ?? '', sources: told.match(/native\/[\w/]+\.cc/g) ?? [] }
}

/** Node arguments that make the process believe that it runs on another platform. */
const pretend = (platform: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`,
]

async function choose(t: Test, directory: string, platform: string, env: NodeJS.ProcessEnv = {}): Promise<Choice> {
  const scratch = join(temporaryDirectory(t), 'scratch')
  const { code, stdout, stderr } = await runProgram(join(directory, choice), [scratch], {
    nodeArgs: pretend(platform),
    env: { CAIO_IMPL: '', ...env },
  })
  t.equal(code, 0, stderr)
  return JSON.parse(stdout) as Choice
}

const contract = [
  'operations/append',
  'engine/cancel',
  'engine/close',
  'operations/detached',
  'operations/errors',
  'operations/random',
  'operations/read',
  'operations/sync',
  'operations/unseekable',
  'operations/vectors',
  'operations/write',
]

/** Runs the contract on the backends required on that platform, with the addon under `directory`, if any. */
async function runContract(t: Test, directory: string, platform: string, backends: readonly string[]): Promise<void> {
  // Windows has another directory for temporary files; node-gyp-build finds the addon by CAIO_PREBUILD.
  const env = {
    CAIO_TEST_DIR: process.env['CAIO_TEST_DIR'] ?? tmpdir(),
    CAIO_PREBUILD: directory,
    CAIO_IMPL: undefined,
  }
  for (const name of contract) {
    const options = { nodeArgs: pretend(platform), env }
    const { code, stdout } = await runProgram(join(tests, `${name}.test.js`), [], options)
    t.equal(code, 0, `${platform}: ${name}: ${/^not ok.*/m.exec(stdout)?.[0] ?? 'ok'}`)
    const took = ['linux', 'thread', 'pure', 'uring'].filter((backend) => stdout.includes(`- ${backend}: `))
    t.same(took, backends, 'took part')
  }
}

await t.test('binding.gyp', async (t) => {
  const [linux, mac, win] = [target(t, 'linux'), target(t, 'mac'), target(t, 'win')]
  const others = [
    'native/node/operator_new.cc',
    'native/operations/direct_alignment.cc',
    'native/operations/extended_attributes.cc',
  ]
  const isOfLinux = (source: string): boolean =>
    source.startsWith('native/linux/') || source.endsWith('_linux.cc') || others.includes(source)
  const isOfOthers = (source: string): boolean => source.endsWith('_elsewhere.cc')
  const ofLinux = linux.sources.filter(isOfLinux)
  t.ok(ofLinux.length > 0)
  t.same(
    mac,
    {
      type: 'loadable_module',
      sources: [...linux.sources.filter((source) => !isOfLinux(source)), ...mac.sources.filter(isOfOthers)],
    },
    'the pool on macOS',
  )
  t.equal(win.type, 'none', 'nothing on Windows')
  t.ok([...linux.sources, ...mac.sources].every((source) => existsSync(join(packageRoot, source))))
})

await t.test('darwin: the addon without what is Linux alone', async (t) => {
  const directory = packageCopy(t, choice, 'none')
  const addon = join(directory, 'build/Release/caio.node')
  mkdirSync(dirname(addon), { recursive: true })
  const defines = [
    'NAPI_VERSION=9',
    'NAPI_DISABLE_CPP_EXCEPTIONS',
    'NODE_GYP_MODULE_NAME=caio',
    'BUILDING_NODE_EXTENSION',
    '_FILE_OFFSET_BITS=64',
  ].map((name) => `-D${name}`)
  const flags = [
    '-U__linux__',
    '-std=c++17',
    '-O1',
    '-Wall',
    '-Wextra',
    '-fno-exceptions',
    '-fno-rtti',
    '-fPIC',
    '-shared',
    '-I',
    nodeHeaders(),
    '-isystem',
    join(packageRoot, 'node_modules/node-addon-api'),
  ]
  const sources = target(t, 'mac').sources.map((source) => join(packageRoot, source))
  const compiled = spawnSync('g++', [...flags, ...defines, '-o', addon, ...sources], { encoding: 'utf8' })
  t.equal(compiled.status, 0, compiled.stderr)
  t.equal(compiled.stderr, '', 'compiles without a warning')

  const served = {
    backend: 'thread',
    reason: /linux: kernel AIO is Linux's, and this is darwin/,
    read: 'it works',
    sync: 'done',
    warnings: [],
  }
  t.match(await choose(t, directory, 'darwin'), served)
  const { backend, warnings } = await choose(t, directory, 'darwin', { CAIO_IMPL: 'linux' })
  t.equal(backend, 'thread', 'asked for what cannot be')
  t.match(warnings, [{ code: 'CAIO_BACKEND_UNAVAILABLE' }])
  t.match(
    await choose(t, directory, 'linux'),
    { backend: 'thread', reason: /linux: .*ENOSYS/ },
    'as on a kernel without AIO',
  )
  await runContract(t, directory, 'darwin', ['thread', 'pure'])
})

await t.test('win32: no addon', async (t) => {
  const directory = packageCopy(t, choice, 'none')
  t.match(await choose(t, directory, 'win32'), {
    backend: 'pure',
    reason: /linux: [^]*thread: /,
    read: 'it works',
    sync: 'done',
    warnings: [],
  })
  await runContract(t, directory, 'win32', ['pure'])
})
