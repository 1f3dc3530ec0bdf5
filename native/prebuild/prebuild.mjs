/**
 * `npm run prebuild [-- [--out DIR] PLATFORM …]`: compiles the addon for the package that is published, into DIR/prebuilds/ (default:
 * the repository's). Without names, for every platform that a compiler is found for; one asked for by name must succeed. The
 * compilers are Debian's.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

/** The first of the commands is taken that exists. */
const platforms = {
  'linux-x64': { compilers: process.arch === 'x64' ? ['g++', 'x86_64-linux-gnu-g++'] : ['x86_64-linux-gnu-g++'] },
  'linux-arm64': { compilers: process.arch === 'arm64' ? ['g++', 'aarch64-linux-gnu-g++'] : ['aarch64-linux-gnu-g++'] },
}

const works = (command) => spawnSync(command, ['--version']).status === 0

/** Of the Node that runs this, where they lie beside it: node-gyp would fetch them. Node-API is the same in each version. */
function headers() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {}
}

/** Builds in a copy, since node-gyp clears build/, which may be in use. */
function prebuild(platform, compiler, out) {
  const stage = mkdtempSync(join(tmpdir(), 'caio-prebuild-'))
  try {
    for (const part of ['native', 'binding.gyp', 'package.json']) {
      cpSync(join(root, part), join(stage, part), { recursive: true })
    }
    const tool = (name) => compiler.replace(/g\+\+$/, name)
    const bin = join(dirname(require.resolve('prebuildify/package.json')), 'bin.js')
    const args = ['--napi', '--strip', '--cwd', stage, '--out', out, '--arch', platform.split('-')[1]]
    const env = {
      ...headers(),
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
      // binding.gyp asks for node-addon-api by name.
      NODE_PATH: join(root, 'node_modules'),
      CC: tool('gcc'),
      CXX: compiler,
      AR: tool('ar'),
      PREBUILD_STRIP_BIN: tool('strip'),
      GYP_DEFINES: 'prebuild=1',
      npm_config_loglevel: 'error',
    }
    const { status } = spawnSync(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    return status === 0
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: root } },
})
const unknown = asked.filter((name) => !(name in platforms))
if (unknown.length > 0) {
  console.error(`prebuild: ${unknown.join(', ')}: the platforms are ${Object.keys(platforms).join(', ')}`)
  process.exit(2)
}
let failed = false
for (const platform of asked.length > 0 ? asked : Object.keys(platforms)) {
  const { compilers } = platforms[platform]
  const compiler = compilers.find(works)
  const outcome = compiler
    ? prebuild(platform, compiler, resolve(values.out))
      ? 'built'
      : 'FAILED'
    : `left out, there is no ${compilers.join(' or ')}`
  console.log(`${platform}: ${outcome}`)
  failed ||= outcome === 'FAILED' || (outcome !== 'built' && asked.length > 0)
}
process.exitCode = failed ? 1 : 0
