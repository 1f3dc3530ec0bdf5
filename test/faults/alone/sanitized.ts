/**
 * The addon built with AddressSanitizer and UndefinedBehaviorSanitizer, under an ordinary Node, through the contract suite and the
 * lifecycle tests. Leaks are not looked for: Node keeps what it has until it ends.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { packageRoot, temporaryDirectory } from '../../harness.js'

t.setTimeout(600_000)

const skip = process.platform === 'linux' ? false : 'the sanitizers are tried on Linux'

t.test('no report', { skip }, async (t) => {
  const directory = temporaryDirectory(t)
  for (const part of ['native', 'package.json', 'binding.gyp']) fs.cpSync(join(packageRoot, part), join(directory, part), { recursive: true })
  const flags = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g'
  const nodeGyp = join(packageRoot, 'node_modules/.bin/node-gyp')
  execFileSync(nodeGyp, ['rebuild', '--silent'], { cwd: directory, env: { ...process.env, CXXFLAGS: flags, LDFLAGS: flags }, stdio: ['ignore', 'inherit', 'inherit'] })
  const library = (name: string): string => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
  const env = {
    ...process.env,
    // node-gyp-build looks here first.
    CAIO_PREBUILD: directory,
    LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
    ASAN_OPTIONS: 'detect_leaks=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  }
  const runner = fileURLToPath(new URL('../../run.js', import.meta.url))
  // Copies of the package, limits on memory, and time are not to be had under a sanitizer; nor is another library interposed.
  const suites = ['append', 'arguments', 'cancel', 'close', 'detached', 'direct', 'errors', 'full-disk', 'max-requests', 'memory.', 'offsets', 'operation', 'random', 'read', 'sync', 'truncated', 'unseekable', 'vectors', 'views', 'write'].map((name) => `contract/${name}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...suites, 'lifecycle/exit', 'lifecycle/worker', 'lifecycle/natural', 'lifecycle/descriptor', 'lifecycle/processes'], { env, encoding: 'utf8', timeout: 500_000 })
  t.equal(status, 0, `${stdout}\n${stderr}`)
  t.notMatch(stdout + stderr, /Sanitizer|runtime error/)
  t.comment(stdout.trim().split('\n').at(-1) ?? '')
})
