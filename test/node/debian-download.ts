import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Archive, machineArchives, parseFields } from './debian-sources.js'
import type { Pin } from './pins.js'

/** A tarball is not available at one place: the next may have it. */
export class Unavailable extends Error {}

/**
 * Downloads the upstream tarball of Debian's source package with the machine's own apt, mirror and
 * keys, and returns its path. apt writes only below `folder`: its own configuration, lists and
 * caches are not touched.
 */
export function downloadFromDebian(pin: Pin, folder: string): string {
  const archives = machineArchives()
  if (archives.length === 0) throw new Unavailable('apt on this machine knows no Debian archive')
  const reasons: string[] = []
  for (const [index, archive] of archives.entries()) {
    try {
      return downloadFromArchive(pin, archive, join(folder, `apt-${index}`))
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      reasons.push(error.message)
    }
  }
  throw new Unavailable(reasons.join('; '))
}

function downloadFromArchive(pin: Pin, archive: Archive, root: string): string {
  const config = writePrivateRoot(root, archive, pin.suite)
  run(root, 'apt-get', ['-c', config, 'update', '-qq'])
  const index = run(root, 'apt-cache', ['-c', config, 'showsrc', 'nodejs'])
  const version = chooseSourceVersion(index, pin)
  // --tar-only: the packaging itself is not needed. The exit code is ignored: apt also fails when a
  // tarball that is not needed is missing (seen on sid). What counts is whether ours has arrived.
  const output = spawn(root, 'apt-get', ['-c', config, 'source', '--download-only', '--tar-only', `nodejs=${version}`])
  const tarball = readdirSync(root).find((file) => /^nodejs_.*\.orig\.tar\.xz$/.test(file))
  if (tarball === undefined) {
    throw new Unavailable(`apt-get source nodejs=${version} failed: ${lastLine(output.stderr)}`)
  }
  return join(root, tarball)
}

/** Lays out a root of apt's own below `root` and returns its configuration file. */
function writePrivateRoot(root: string, archive: Archive, suite: string): string {
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  const signedBy = archive.signedBy === undefined ? '' : `Signed-By: ${archive.signedBy}\n`
  const sources = `Types: deb-src\nURIs: ${archive.uri}\nSuites: ${suite}\nComponents: main\n${signedBy}`
  writeFileSync(join(root, 'caio.sources'), sources)
  // With -c it is read after the machine's own configuration, so proxies hold, and hooks that would clean the
  // machine's caches or rebuild its indexes after an update can be struck out.
  const config = [
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    `Dir::State "${root}/state";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${root}/cache";`,
    `Dir::Etc::sourcelist "${root}/caio.sources";`,
    'Dir::Etc::sourceparts "-";',
    'Acquire::Retries "3";',
  ]
  writeFileSync(join(root, 'apt.conf'), `${config.join('\n')}\n`)
  return join(root, 'apt.conf')
}

/**
 * Finds the full Debian version of the pinned upstream version in the output of `apt-cache showsrc
 * nodejs`.
 * @throws Unavailable when the suite has only other versions; Error when it has this one with
 * another checksum.
 */
export function chooseSourceVersion(index: string, pin: Pin): string {
  const stanzas = index
    .split(/\n\s*\n/)
    .map(parseFields)
    .filter((fields) => fields.get('package') === 'nodejs')
  const versions = stanzas.map((fields) => fields.get('version') ?? '')
  const found = stanzas.find((fields) => /^[^+~-]+/.exec(fields.get('version') ?? '')?.[0] === pin.version)
  if (found === undefined) {
    const has = versions.length === 0 ? 'no nodejs' : `nodejs ${versions.join(' and ')}`
    throw new Unavailable(
      `Debian ${pin.suite} has ${has}, where test/node/pins.ts expects ${pin.version}: pin the new version there`,
    )
  }
  const checksums = found.get('checksums-sha256') ?? ''
  const sha256 = /([0-9a-f]{64})\s+\d+\s+nodejs_[^/\s]*\.orig\.tar\.xz/.exec(checksums)?.[1]
  const version = found.get('version')!
  if (sha256 !== pin.debianSha256) {
    throw new Error(`Debian's nodejs ${version} has the SHA-256 ${sha256}, test/node/pins.ts ${pin.debianSha256}`)
  }
  return version
}

function run(cwd: string, command: string, args: string[]): string {
  const { status, stdout, stderr } = spawn(cwd, command, args)
  if (status !== 0) throw new Unavailable(`${command} ${args.at(2)} failed: ${lastLine(stderr)}`)
  return stdout
}

function spawn(
  cwd: string,
  command: string,
  args: string[],
): { status: number | null; stdout: string; stderr: string } {
  const options = { cwd, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, LC_ALL: 'C' } } as const
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  if (error !== undefined) throw new Unavailable(`${command}: ${error.message}`)
  return { status, stdout, stderr }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
