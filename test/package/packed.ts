/** The package as published: packed, installed where nothing but Node is available, and used. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot, temporaryDirectory } from '../support/harness.js'

/** The fields used of the output of `npm pack --json`. */
export interface Tarball {
  /** the tarball's path */
  path: string
  /** bytes, packed */
  size: number
  unpackedSize: number
  files: { path: string }[]
}

interface Manifest {
  files: string[]
  bundleDependencies: string[]
}

/** npm's own program, which this Node runs whatever PATH is. */
function npmProgram(): string {
  const given = process.env['npm_execpath']
  if (given) return given
  const found = (process.env['PATH'] ?? '').split(delimiter).find((directory) => existsSync(join(directory, 'npm')))
  if (!found) throw new Error('npm is not in PATH')
  return realpathSync(join(found, 'npm'))
}

function npm(args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): string {
  return execFileSync(process.execPath, [npmProgram(), ...args], {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Directory of node_api.h: beside Node, or in node-gyp's cache. */
export function nodeHeaders(): string {
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  const places = [prefix, join(homedir(), '.cache/node-gyp', process.versions.node)].map((place) =>
    join(place, 'include/node'),
  )
  const found = places.find((place) => existsSync(join(place, 'node_api.h')))
  if (!found) throw new Error(`no node_api.h in ${places.join(' or ')}`)
  return found
}

/** Compiles prebuilds into DIRECTORY/prebuilds. */
export function prebuild(directory: string, ...platforms: string[]): void {
  const script = join(packageRoot, 'native/prebuild/prebuild.mjs')
  execFileSync(process.execPath, [script, '--out', directory, ...platforms], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A directory with the parts of the package, without prebuilds. */
export function stagePackage(t: Test): string {
  const stage = temporaryDirectory(t)
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Manifest
  const bundled = manifest.bundleDependencies.map((name) => join('node_modules', name))
  const named = manifest.files.filter((name) => !name.startsWith('!'))
  for (const part of [...named, ...bundled, 'package.json', 'README.md', 'LICENSE']) {
    if (part !== 'prebuilds') cpSync(join(packageRoot, part), join(stage, part), { recursive: true })
  }
  mkdirSync(join(stage, 'prebuilds'))
  cpSync(join(packageRoot, 'prebuilds/README.md'), join(stage, 'prebuilds/README.md'))
  return stage
}

/** Packs a directory into a tarball inside it. */
export function pack(directory: string): Tarball {
  const answer = JSON.parse(npm(['pack', '--ignore-scripts', '--json'], { cwd: directory })) as (Omit<
    Tarball,
    'path'
  > & { filename: string })[]
  const [tarball] = answer
  if (!tarball) throw new Error('npm packed nothing')
  return { ...tarball, path: join(directory, tarball.filename) }
}

/**
 * An empty machine: a directory, and an environment in which PATH has only Node, and no registry is
 * reachable.
 */
export interface EmptyMachine {
  directory: string
  env: NodeJS.ProcessEnv
}

export function emptyMachine(t: Test): EmptyMachine {
  const home = temporaryDirectory(t)
  const directory = join(home, 'project')
  const path = join(home, 'bin')
  for (const made of [directory, path]) mkdirSync(made)
  symlinkSync(process.execPath, join(path, 'node'))
  const registry = 'http://127.0.0.1:9/'
  return { directory, env: { PATH: path, HOME: home, npm_config_registry: registry, npm_config_fetch_retries: '0' } }
}

/** `npm install TARBALL`, with install scripts allowed if there are any. */
export function install({ directory, env }: EmptyMachine, tarball: string): void {
  npm(['install', '--no-audit', '--no-fund', '--foreground-scripts', '--ignore-scripts=false', tarball], {
    cwd: directory,
    env,
  })
}

/**
 * Runs Node on the empty machine.
 * @returns its standard output
 */
export function runThere(
  { directory, env }: EmptyMachine,
  args: readonly string[],
  command = process.execPath,
): string {
  return execFileSync(command, args, { cwd: directory, env, encoding: 'utf8', timeout: 60_000 })
}

/** A program of test/package/programs, copied to where the package is installed. */
export function program({ directory }: EmptyMachine, name: string): string {
  const file = join(directory, name)
  cpSync(join(packageRoot, 'test/package/programs', name), file)
  return file
}

/** Path of the installed package on a machine. */
export function installedAt({ directory }: EmptyMachine): string {
  return dirname(realpathSync(join(directory, 'node_modules/caio/package.json')))
}
