/** Loads the addon. native/node/addon.cc is its other side. */
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

/** The handle that `start` returns and other calls take. */
export type Environment = object

/**
 * Answers of a directory's file system: bytes moved, 0, or a negative errno, unless stated
 * otherwise. A missing one was not asked for, since an earlier one failed.
 */
export interface DirectoryAnswers {
  /** opening a temporary file in the directory */
  open: number
  /** file system type, as in statfs(2) */
  type?: number
  /** ordinary writes and an fsync */
  write?: number
  nowaitReadCached?: number
  /** on a file system without NOWAIT: whether the kernel tells what is in memory, by mincore(2) or otherwise */
  resident?: number
  nowaitWrite?: number
  ioSetup?: number
  /** IOCB_CMD_FDSYNC */
  asyncSync?: number
  /** 1 if the page cache evicted the block for the next read, else 0 */
  evicted?: number
  nowaitReadCold?: number
  /** openat2(2) with RESOLVE_CACHED */
  resolveCached?: number
  /** O_DIRECT */
  direct?: number
  /** bytes, by statx(2); 0 if it states none */
  statedMemoryAlignment?: number
  statedOffsetAlignment?: number
  /** bytes, by reads with all powers of two; 0 if none worked */
  triedMemoryAlignment?: number
  triedOffsetAlignment?: number
  nowaitDirectRead?: number
  nowaitDirectWrite?: number
}

export interface Binding {
  /**
   * Called once per copy of the package in an environment.
   * @param handOff whether threads serve the event loop while it waits
   * @param deliver called from the event loop with the number of completions in `completions`; or
   * within `submit`, with a negative errno, if the kernel's queue could not be opened
   * @param polls one number, increased before each poll of the event loop
   * @param turn see {@link requestTurn}
   * @returns the handle for the other calls, or a negative errno
   */
  start(
    threads: number,
    handOff: boolean,
    deliver: (count: number) => void,
    completions: Float64Array,
    polls: Uint32Array,
    turn: () => void,
  ): Environment | number
  /** Opens an engine and proves it on a temporary file: null, or the negative errno and the step that failed. */
  open(environment: Environment, kind: EngineKind, directory: string): null | [errno: number, step: string]
  /** Submits the first `count` of `ids`; returns the number of completions in the array. */
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
  /** Calls `turn` once, behind the poll phase and before Node's immediates. */
  requestTurn(environment: Environment): void
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
  /** Whether a descriptor refers to a regular file. Asks no server. */
  isRegularFile(fd: number): boolean
  /** The address of a view's memory modulo `alignment`; undefined if the view has no memory. */
  addressRemainder(view: NodeJS.ArrayBufferView, alignment: number): number | undefined
  /** Alignment for direct I/O by statx(2), in bytes; undefined if it states none. */
  statedAlignment(fd: number): [memory: number, offset: number] | undefined
  /**
   * Processors this process may run on; its quota of processor time, in processors (0: no quota);
   * whether these are enough for a thread that stays awake for the event loop.
   */
  processors(): [count: number, quota: number, awake: boolean]
  /** As {@link describeProtocol}. */
  protocol?(): string
  /** Probes a directory, waiting for its disk; undefined except on Linux. */
  probeDirectory(directory: string): DirectoryAnswers | undefined
}

/** Usual places of the addon, in node-gyp-build's order: node-gyp-build takes as long to load as the addon itself. */
const PLACES = ['build/Release/caio.node', `prebuilds/${process.platform}-${process.arch}/caio.node`]

/** Variables that make node-gyp-build look elsewhere. */
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

/** @throws if the numbers of the addon and this JavaScript differ */
function ofThisBuild(binding: Binding): Binding {
  if (binding.protocol?.() === describeProtocol()) return binding
  throw new Error('the addon is from another build than this JavaScript: run `npm run build:native` to build it anew')
}

/**
 * The error of opening the package's folder for now: node-gyp-build takes a folder that it cannot
 * read for an empty one.
 */
function shortage(root: string): Error | undefined {
  try {
    closeSync(openSync(root, 'r'))
    return undefined
  } catch (error) {
    return mayPass(error as Error) ? (error as Error) : undefined
  }
}

/** @throws why the addon does not load, the same each time, unless that may pass */
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
