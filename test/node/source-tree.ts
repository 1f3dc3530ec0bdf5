import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, createWriteStream } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { Unavailable, downloadFromDebian } from './debian-download.js'
import { type Pin, PINS, major, pinFor } from './pins.js'
import { extractTests, verifySha256 } from './tarball.js'

/** A tree that contains Node's test/. */
export interface SourceTree {
  readonly root: string
  /** Its origin, for messages. */
  readonly origin: string
  /** Its expected content; undefined for a tree of the user's. */
  readonly pin?: Pin
}

/**
 * Node's tests for the major version of `nodeVersion`: from NODE_SOURCE_DIR, the cache, Debian's
 * source package or the release tarball, in this order. `say` is called before slow steps.
 */
export async function obtainSourceTree(nodeVersion: string, say: (line: string) => void): Promise<SourceTree> {
  const given = process.env['NODE_SOURCE_DIR']
  if (given !== undefined && given !== '') return givenTree(resolve(given), nodeVersion, say)
  const pin = pinFor(nodeVersion)
  if (pin === undefined) {
    const known = PINS.map(({ version }) => version).join(', ')
    throw new Error(`no source tree is pinned for Node ${nodeVersion} (only ${known}): set NODE_SOURCE_DIR to one`)
  }
  const root = join(cacheFolder(), `node-${pin.version}`)
  if (existsSync(root)) return { root, origin: 'from the cache', pin }
  return { root, origin: await fillCache(root, pin, say), pin }
}

/** Folder of downloads: CAIO_CACHE_DIR, else `caio` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CAIO_CACHE_DIR']) return resolve(env['CAIO_CACHE_DIR'])
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'caio')
}

function givenTree(root: string, nodeVersion: string, say: (line: string) => void): SourceTree {
  if (!existsSync(join(root, 'test/common/index.js'))) throw new Error(`NODE_SOURCE_DIR: ${root} has no test/common`)
  const header = join(root, 'src/node_version.h')
  if (existsSync(header)) {
    const of = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(header, 'utf8'))?.[1]
    if (Number(of) !== major(nodeVersion)) say(`NODE_SOURCE_DIR holds Node ${of}, its tests are run on ${nodeVersion}`)
  }
  return { root, origin: `from ${root}` }
}

/** Downloads and extracts beside `root` and renames into place: an existing tree is complete. */
async function fillCache(root: string, pin: Pin, say: (line: string) => void): Promise<string> {
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), '.download-'))
  try {
    const { tarball, sha256, origin } = await download(pin, work, say)
    await verifySha256(tarball, sha256)
    const partial = join(work, 'tree')
    mkdirSync(partial)
    await extractTests(tarball, pin.version, partial)
    renameInto(partial, root)
    return origin
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function download(pin: Pin, work: string, say: (line: string) => void) {
  try {
    say(`fetching the source of nodejs ${pin.version} from Debian ${pin.suite} (about 35 MB)`)
    return { tarball: downloadFromDebian(pin, work), sha256: pin.debianSha256, origin: `from Debian ${pin.suite}` }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    say(`${error.message}; trying the release tarball`)
  }
  const url = `https://nodejs.org/dist/v${pin.version}/node-v${pin.version}.tar.xz`
  const tarball = join(work, 'release.tar.xz')
  try {
    const response = await fetch(url)
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`)
    await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(tarball))
  } catch (error) {
    const why = error instanceof Error ? String(error.cause ?? error.message) : String(error)
    throw new Error(`cannot fetch ${url} (${why}): set NODE_SOURCE_DIR to a source tree of Node ${pin.version}`)
  }
  return { tarball, sha256: pin.releaseSha256, origin: 'from the release tarball' }
}

function renameInto(partial: string, root: string): void {
  try {
    renameSync(partial, root)
  } catch (error) {
    if (!existsSync(root)) throw error // else another run was faster, with the same tree
  }
}
