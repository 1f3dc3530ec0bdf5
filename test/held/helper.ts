/**
 * The programs in C that hold operations back: compiles, starts, controls and ends them, including
 * their mounts.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { kernelHas } from '../support/kernel-has.js'

/** An operation that waits until {@link Helper.free} is called, or its time is over. */
export interface Held {
  id: number
  /** the helper's name for it */
  operation: string
  /** the thread that waits */
  thread: number
  /** the file */
  name: string
}

// The sources are in test/, not in dist/.
const sources = fileURLToPath(new URL('../../../test', import.meta.url))

export const helperNames = ['held_fs', 'mounted', 'scanned', 'leased', 'automounted'] as const
export type HelperName = (typeof helperNames)[number] | 'recorder'

const folderOf = (name: HelperName): string => (name === 'recorder' ? 'power' : 'held')

/** Why the helpers are not available here, or undefined. */
export function whyNoHelpers(): string | undefined {
  if (process.platform !== 'linux') return 'Linux only'
  if (process.getuid?.() !== 0) return 'mounting takes root'
  if (spawnSync('cc', ['--version']).status !== 0) return 'there is no C compiler'
  return undefined
}

export function whyNoFuse(): string | undefined {
  if (!fs.existsSync('/dev/fuse')) return 'there is no /dev/fuse'
  if (!kernelHas('fuse')) return 'the kernel has no FUSE'
  return whyNoHelpers()
}

export function whyNoAutomount(): string | undefined {
  if (!kernelHas('autofs')) return 'the kernel has no autofs'
  return whyNoHelpers()
}

/** Compiles a helper into `programs`, unless it is there; warnings are errors. */
export function compileHelper(name: HelperName, programs: string): string {
  const program = join(programs, name)
  if (fs.existsSync(program)) return program
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread']
  const source = join(sources, folderOf(name), `${name}.c`)
  const compiled = spawnSync('cc', [...flags, '-o', program, source], { encoding: 'utf8' })
  if (compiled.status !== 0) throw new Error(`${name}.c: ${compiled.stderr}`)
  return program
}

export class Helper {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: { command: string; resolve(): void; reject(error: Error): void }[] = []
  readonly #closed: Promise<void>
  #complaints = ''
  /** Called for each operation that is held. */
  onHeld: (held: Held) => void = () => {}
  /** Called for each request of a watched thread. */
  onAsked: (what: string) => void = () => {}

  /** A directory on the local disk, removed with the helper. */
  readonly home: string

  /** @param programs directory of compiled helpers */
  constructor(name: HelperName, programs: string) {
    const program = compileHelper(name, programs)
    const prefix = join(process.env['CAIO_TEST_DIR'] ?? tmpdir(), `caio-${folderOf(name)}-`)
    this.home = fs.realpathSync(fs.mkdtempSync(prefix))
    this.#child = spawn(program, [this.home], { stdio: 'pipe' })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text))
    createInterface(this.#child.stdout).on('line', (line) => this.#take(line))
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', () => {
        for (const { reject } of this.#answers.splice(0)) reject(new Error(`the helper has ended: ${this.#complaints}`))
        resolve()
      })
    })
    this.#child.once('error', (error) => (this.#complaints += error.message))
    this.#child.stdin.on('error', () => {})
  }

  #take(line: string): void {
    const [kind, ...words] = line.split(' ')
    if (kind === 'held') {
      this.onHeld({ id: Number(words[0]), operation: words[1] ?? '', thread: Number(words[2]), name: words[3] ?? '' })
    } else if (kind === 'asked') {
      this.onAsked(words.join(' '))
    } else if (kind === 'done') {
      this.#answers.shift()?.resolve()
    } else {
      const answer = this.#answers.shift()
      answer?.reject(new Error(`${answer.command}: ${words.join(' ')}`))
    }
  }

  /**
   * Resolves when the command is done.
   * @throws (rejects) with the reason of its failure
   */
  tell(command: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ command, resolve, reject })
      this.#child.stdin.write(`${command}\n`)
    })
  }

  /** Lets an operation continue. */
  free({ id }: Held): Promise<void> {
    return this.tell(`free ${id}`)
  }

  /** The next operation of this kind that is held; of any kind if none is named. */
  nextHeld(operation?: string): Promise<Held> {
    const before = this.onHeld
    return new Promise((resolve) => {
      this.onHeld = (held) => {
        before(held)
        if (operation !== undefined && held.operation !== operation) return
        this.onHeld = before
        resolve(held)
      }
    })
  }

  /**
   * Ends it: releases everything, and unmounts.
   * @throws (rejects) with its error output
   */
  async end(): Promise<void> {
    this.#child.stdin.end()
    await this.#closed
    if (this.#complaints) throw new Error(this.#complaints)
  }
}
