/**
 * Containers over a copy-on-write layer above this machine's own root, with the default seccomp
 * profile and without a network.
 */
import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { packageRoot } from '../support/harness.js'
import type { Ending } from '../support/harness.js'

/** Milliseconds after which a container counts as hung. */
const TIMEOUT = 10 * 60_000

const podman = ['--runtime', 'runc', '--cgroup-manager=cgroupfs']

/** Without these limits runc asks for more than this machine may allow. */
const limits = ['--ulimit', 'nofile=8192:8192', '--ulimit', 'nproc=4096:4096']

/** Why there are none here, or undefined. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== 'linux') return 'Linux only'
  if (process.getuid?.() !== 0) return 'a root of its own takes root'
  for (const command of ['podman', 'runc']) {
    if (spawnSync(command, ['--version']).status !== 0) return `${command} is not installed`
  }
  // The container sees only the root's own file system.
  if (fs.statSync(process.execPath).dev !== fs.statSync('/').dev) return 'Node is not on the root file system'
  const { status, stderr } = spawnSync('podman', [...podman, ...run(), 'true'], { encoding: 'utf8', timeout: TIMEOUT })
  return status === 0 ? undefined : `podman: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

function run(...options: readonly string[]): string[] {
  return ['run', '--rm', '--network', 'none', ...limits, ...options, '--rootfs', '/:O']
}

export interface Container {
  /** options of podman run: limits and mounts */
  options?: readonly string[]
  /** directory with the packed package, mounted at /packed; the repository is at /kit */
  packed: string
}

/** Runs a shell script in the container. */
export function runInContainer({ options = [], packed }: Container, script: string): Promise<Ending> {
  const volumes = [
    '-v',
    `${packageRoot}:/kit:ro`,
    '-v',
    `${fs.realpathSync(`${packageRoot}/node_modules`)}:/modules/node_modules:ro`,
  ]
  const args = [...podman, ...run(...volumes, '-v', `${packed}:/packed:ro`, ...options), 'sh', '-c', script]
  return new Promise((resolve) => {
    const child = execFile('podman', args, { timeout: TIMEOUT, maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr })
    })
  })
}
