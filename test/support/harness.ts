/** Shared by the suites: the backends required on this machine, and temporary files on a real disk. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { Context } from 'caio'
import type { BackendName, ContextOptions } from 'caio'
import { Registry, candidates } from '../../lib/backends/select.js'
import { base } from './base.js'

const backendsOfPlatform: readonly BackendName[] =
  process.platform === 'linux'
    ? ['linux', 'thread', 'pure', 'uring']
    : process.platform === 'win32'
      ? ['pure']
      : ['thread', 'pure']

/**
 * All backends; without uring, with a message, if io_uring is forbidden, as in containers.
 * Otherwise all must be available.
 */
export function allowedOf(names: readonly BackendName[]): readonly BackendName[] {
  const why = names.includes('uring') ? whyNoUring() : undefined
  if (!why) return names
  console.log(`uring is not tested here: ${why}`)
  return names.filter((name) => name !== 'uring')
}

function whyNoUring(): string | undefined {
  const opened = new Registry(candidates, () => {}).open('uring')
  const { code, syscall, message } = (opened instanceof Error ? opened : {}) as Partial<NodeJS.ErrnoException>
  return syscall === 'io_uring_setup' && ['EPERM', 'EACCES', 'ENOSYS'].includes(code ?? '') ? message : undefined
}

/**
 * The required backends: an unavailable one fails the run, since making a Context of it throws.
 * CAIO_TEST_BACKENDS names fewer, for runtimes that lack one, such as Bun, or Node under an
 * emulator without AIO.
 */
export const requiredBackends: readonly BackendName[] = process.env['CAIO_TEST_BACKENDS']
  ? backendsOfPlatform.filter((name) => process.env['CAIO_TEST_BACKENDS']?.split(',').includes(name))
  : backendsOfPlatform

export { base }
export { runProgram, startNode } from './run-program.js'
export type { Ending, ProgramOptions } from './run-program.js'

/**
 * Whether direct I/O has to be aligned here: on ext4 and xfs. Other file systems take any
 * alignment, or that of the layer below.
 */
export const mustAlign = [0xef53, 0x58465342].includes(fs.statfsSync(base).type)

/** A file system served by a program, which supports fewer operations. */
export const isFuse = fs.statfsSync(base).type === 0x65735546

export function remove(directory: string): void {
  try {
    fs.rmSync(directory, { recursive: true, force: true })
  } catch (error) {
    // FUSE keeps an open file that is removed, under another name. It goes with the mount.
    if (!isFuse) throw error
  }
}

/** A directory that is removed when the test ends. */
export function temporaryDirectory(t: Test): string {
  const directory = fs.mkdtempSync(join(base, 'caio-test-'))
  t.teardown(() => remove(directory))
  return directory
}

export interface OpenFile {
  path: string
  fd: number
}

/** A file with this content, opened for reading and writing; closed when the test ends. */
export function temporaryFile(t: Test, content: string | Uint8Array = ''): OpenFile {
  const path = join(temporaryDirectory(t), 'file')
  fs.writeFileSync(path, content)
  const fd = fs.openSync(path, 'r+')
  t.teardown(() => fs.closeSync(fd))
  return { path, fd }
}

/** A Context on one backend, closed when the test ends. */
export function makeContext(t: Test, backend: BackendName, options: Omit<ContextOptions, 'backend'> = {}): Context {
  const context = new Context({ ...options, backend })
  t.teardown(() => context.close())
  return context
}

/** Runs a test on every required backend. */
export function onEveryBackend(
  t: Test,
  behaviour: string,
  test: (t: Test, backend: BackendName) => Promise<void>,
): void {
  for (const backend of requiredBackends) void t.test(`${backend}: ${behaviour}`, (sub) => test(sub, backend))
}

/** {@link onEveryBackend} for Linux only; elsewhere one skip with the reason. */
export function onEveryLinuxBackend(
  t: Test,
  behaviour: string,
  test: (t: Test, backend: BackendName) => Promise<void>,
): void {
  if (process.platform === 'linux') onEveryBackend(t, behaviour, test)
  else void t.test(behaviour, { skip: 'Linux only' }, async () => {})
}

/** A Context's methods for calls without types. */
export type Untyped = Record<
  'read' | 'write' | 'readv' | 'writev' | 'fsync' | 'fdsync',
  (...args: unknown[]) => Promise<unknown>
>

export function untyped(context: Context): Untyped {
  return context as unknown as Untyped
}

/** The error that a call of Node's throws: the oracle for caio's. */
export function errorOf(call: () => unknown): NodeJS.ErrnoException {
  try {
    call()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new Error('the oracle was expected to throw')
}

/** The error of a rejected promise; throws if it is fulfilled. */
export async function rejectionOf(promise: Promise<unknown>): Promise<NodeJS.ErrnoException> {
  const value = await promise.then(
    (result: unknown) => ({ result }),
    (error: unknown) => ({ error }),
  )
  if ('error' in value) return value.error as NodeJS.ErrnoException
  throw new Error(`expected a rejection, got ${String(value.result)}`)
}

export type Resizable = ArrayBuffer & { resize(length: number): void }

/** TypeScript's es2023 library lacks them; every Node that caio supports has them. */
export function resizableBuffer(length: number, maxByteLength: number): Resizable {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as Resizable
}

/** Detaches a buffer; returns its new owner. */
export function detach(buffer: ArrayBuffer): ArrayBuffer {
  return structuredClone(buffer, { transfer: [buffer] })
}

/**
 * Memory aligned for reads with O_DIRECT from `fd`, part of a larger buffer: JavaScript cannot see
 * addresses, so this tries Node's own read at one offset after the other.
 */
export function alignedMemory(fd: number, length: number): Buffer {
  const block = 4096
  const whole = Buffer.alloc(length + block)
  for (let start = 0; start < block; start += 8) {
    const candidate = whole.subarray(start, start + length)
    try {
      fs.readSync(fd, candidate, 0, block, 0)
      return candidate.fill(0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    }
  }
  throw new Error('no offset of the buffer is aligned')
}

/** Why no file system can be mounted here; undefined if one can. */
export function whyNoMount(): string | undefined {
  if (process.platform !== 'linux') return "loop devices are Linux's"
  if (process.getuid?.() !== 0) return 'mounting a file system takes root'
  return undefined
}

/** A small file system of its own, removed when the test ends. */
export function mountedDirectory(t: Test, megabytes: number, type: 'ext4' | 'btrfs' = 'ext4'): string {
  const directory = temporaryDirectory(t)
  const image = join(directory, 'image')
  const mounted = join(directory, 'mounted')
  fs.mkdirSync(mounted)
  fs.writeFileSync(image, '')
  fs.truncateSync(image, megabytes * 1024 * 1024)
  if (type === 'ext4') execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image])
  else execFileSync('mkfs.btrfs', ['-q', '-f', image])
  execFileSync('mount', ['-o', 'loop', image, mounted])
  t.teardown(() => execFileSync('umount', [mounted]))
  return mounted
}

/**
 * An overlay of two file systems, removed when the test ends.
 * @param lower a directory
 * @param room bytes of the upper layer
 */
export function overlaidDirectory(t: Test, lower: string, room: string): string {
  const directory = temporaryDirectory(t)
  const path = (name: string): string => join(directory, name)
  for (const name of ['room', 'merged']) fs.mkdirSync(path(name))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${room}`, 'tmpfs', path('room')])
  t.teardown(() => execFileSync('umount', [path('room')]))
  for (const name of ['room/upper', 'room/work']) fs.mkdirSync(path(name))
  const layers = `lowerdir=${lower},upperdir=${path('room/upper')},workdir=${path('room/work')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, path('merged')])
  t.teardown(() => execFileSync('umount', [path('merged')]))
  return path('merged')
}

export const packageRoot = fileURLToPath(new URL('../../..', import.meta.url))

/** The JavaScript parts of the package. */
export function builtParts(): string[] {
  const { files } = JSON.parse(fs.readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { files: string[] }
  return [...files.filter((name) => name.startsWith('dist/')), 'package.json', 'node_modules/node-gyp-build']
}

/** The package in its own directory, with one compiled program, and its addon copied, linked or left out. */
export function packageCopy(t: Test, program: string, addon: 'copied' | 'linked' | 'none'): string {
  const directory = temporaryDirectory(t)
  const parts = [...builtParts(), program]
  if (addon === 'copied') parts.push('build/Release')
  for (const part of parts) fs.cpSync(join(packageRoot, part), join(directory, part), { recursive: true })
  if (addon === 'linked') fs.symlinkSync(join(packageRoot, 'build'), join(directory, 'build'))
  return directory
}
