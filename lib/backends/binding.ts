/** The only place that loads the addon. native/node/addon.cc is its other side. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { EngineKind, Views } from '../protocol/port.js'
import { debug } from '../common/debug.js'
import { BackendRefused, mayPass } from '../common/errors.js'
import { describeProtocol } from '../protocol/protocol.js'
import { packageRoot } from './package-root.js'
import { whyNotLoadable } from '../common/runtime.js'

const { process } = globalThis

/** What `start` gives out, and the other calls take. */
export type Environment = object

/**
 * What a directory's file system answered: bytes moved or 0, or a negative errno, unless said otherwise. One that is missing was not
 * asked, since another before it had failed.
 */
export interface DirectoryAnswers {
  /** a temporary file in it */
  open: number
  /** of the file system, as statfs(2) has it */
  type?: number
  /** ordinary writes, and an fsync */
  write?: number
  nowaitReadCached?: number
  /** where NOWAIT is not known: whether it is told what of a file is in memory, by mincore(2) or otherwise */
  resident?: number
  nowaitWrite?: number
  ioSetup?: number
  /** IOCB_CMD_FDSYNC */
  asyncSync?: number
  /** 1 if the page cache gave the block up that is read next, else 0 */
  evicted?: number
  nowaitReadCold?: number
  /** openat2(2) with RESOLVE_CACHED */
  resolveCached?: number
  /** O_DIRECT */
  direct?: number
  /** bytes, by statx(2); 0 if it does not say */
  statedMemoryAlignment?: number
  statedOffsetAlignment?: number
  /** bytes, by reads of all powers of two; 0 if none worked */
  triedMemoryAlignment?: number
  triedOffsetAlignment?: number
  nowaitDirectRead?: number
  nowaitDirectWrite?: number
}

export interface Binding {
  /**
   * Once for each copy of the package in an environment.
   * @param handOff whether a thread may stay awake for what comes next, where the processors allow it
   * @param deliver called from the event loop, with how many completions are in `completions`; or within `submit`, with the negative errno
   * for which the kernel's queue cannot be had
   * @returns what the other calls take, or a negative errno
   */
  start(
    threads: number,
    handOff: boolean,
    deliver: (count: number) => void,
    completions: Float64Array,
  ): Environment | number
  /** Opens an engine, proving it on a temporary file: null, or the negative errno and the step that failed. */
  open(environment: Environment, kind: EngineKind, directory: string): null | [errno: number, step: string]
  /** Hands over the first `count` of `ids`; returns how many completions are in the array now. */
  submit(
    environment: Environment,
    kind: EngineKind,
    channel: number,
    ids: Uint32Array,
    count: number,
    records: Float64Array,
    views: Views[],
  ): number
  cancel(environment: Environment, kind: EngineKind, channel: number, id: number): boolean
  /** As Backend.readCached. */
  readCached(environment: Environment, path: string, view: Uint8Array): number
  /** As Backend.attempt. */
  attempt(
    environment: Environment,
    opcode: number,
    mode: number,
    flags: number,
    path: string,
    reply: NodeJS.ArrayBufferView,
  ): number
  /** As Backend.attemptOpen. */
  attemptOpen(environment: Environment, opcode: number, fd: number, reply: NodeJS.ArrayBufferView): number
  /** Whether a descriptor stands for a regular file. Asks no server. */
  isRegularFile(fd: number): boolean
  /** The address of a view's memory modulo `alignment`; undefined where it has no memory. */
  addressRemainder(view: NodeJS.ArrayBufferView, alignment: number): number | undefined
  /** What statx(2) says that direct I/O needs, in bytes; undefined if it does not. */
  statedAlignment(fd: number): [memory: number, offset: number] | undefined
  /** How many this process may run on; the time of how many its quota is, 0 for all; whether that is enough for a hand-off. */
  processors(): [count: number, quota: number, handOff: boolean]
  /** As {@link describeProtocol}. */
  protocol?(): string
  /** Tries a directory out, waiting for its disk; undefined elsewhere than on Linux. */
  probeDirectory(directory: string): DirectoryAnswers | undefined
}

/** Where the addon is in most cases, in node-gyp-build's order. That takes as long to load as the addon itself. */
const PLACES = ['build/Release/caio.node', `prebuilds/${process.platform}-${process.arch}/caio.node`]

/** What has node-gyp-build look elsewhere. */
const STEERING = ['CAIO_PREBUILD', 'PREBUILDS_ONLY', 'npm_config_arch', 'npm_config_platform']

function addonOf(root: string, require: NodeJS.Require): string {
  const isSteered = STEERING.some((name) => process.env[name] !== undefined)
  const file = isSteered ? undefined : PLACES.map((place) => join(root, place)).find((place) => existsSync(place))
  return file ?? (require('node-gyp-build') as { path(root: string): string }).path(root)
}

let loaded: { binding: Binding } | { error: Error } | undefined

function load(): Binding {
  const obstacle = whyNotLoadable(process.versions)
  if (obstacle) throw new Error(obstacle)
  if (packageRoot === undefined) {
    const remedy = 'install caio beside the bundle, or leave it out of the bundle (esbuild: --external:caio)'
    throw new BackendRefused(`this is a bundle, and the package with the addon is not installed beside it: ${remedy}`)
  }
  const require = createRequire(join(packageRoot, 'package.json'))
  try {
    const addon = addonOf(packageRoot, require)
    debug('addon: %s', addon)
    return ofThisBuild(require(addon) as Binding)
  } catch (error) {
    throw shortage(packageRoot) ?? error
  }
}

/** @throws if the addon and this JavaScript would take the same number for two things */
function ofThisBuild(binding: Binding): Binding {
  if (binding.protocol?.() === describeProtocol()) return binding
  throw new Error('the addon is from another build than this JavaScript: run `npm run build:native` to build it anew')
}

/** What a file cannot be opened for just now: node-gyp-build takes a folder that it cannot read for one that is empty. */
function shortage(root: string): Error | undefined {
  try {
    closeSync(openSync(root, 'r'))
    return undefined
  } catch (error) {
    return mayPass(error as Error) ? (error as Error) : undefined
  }
}

/** @throws what kept the addon from loading, the same each time, unless it may pass */
export function loadBinding(): Binding {
  if (!loaded) {
    try {
      loaded = { binding: load() }
    } catch (error) {
      if (mayPass(error as Error)) throw error
      loaded = { error: error as Error }
    }
  }
  if ('error' in loaded) throw loaded.error
  return loaded.binding
}
