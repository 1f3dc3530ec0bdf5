/**
 * A file system that is full, over a quota, read-only or gone in the middle of a call on a whole
 * tree: the error and the remaining files are as under Node's own function, on the same image.
 * Needs root, for file systems on loop devices.
 */
// @thorough
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { requiredBackends, runProgram, temporaryDirectory, whyNoMount } from '../support/harness.js'
import { kernelHas } from '../support/kernel-has.js'
import { text } from '../fs/paths/whole-trees.js'
import { makePlan } from './interposed.js'
import type { Plan } from './plan.js'
import type { Call } from './plan.js'

t.setTimeout(300_000)

type Operation = 'cp' | 'rm' | 'mkdir' | 'readdir'

/** `uring` has the pool of `linux`, and the rest of it does not involve trees. */
const backends = requiredBackends.filter((backend) => backend !== 'uring')

/** A file system that is mounted anew, in its original state, for each side. */
class Image {
  readonly mounted: string
  readonly #template: string
  readonly #file: string
  isMounted = false

  constructor(t: Test, megabytes: number, make: readonly [string, ...string[]], prepare: (directory: string) => void) {
    const directory = temporaryDirectory(t)
    this.mounted = join(directory, 'mounted')
    this.#template = join(directory, 'template')
    this.#file = join(directory, 'image')
    fs.mkdirSync(this.mounted)
    fs.writeFileSync(this.#template, '')
    fs.truncateSync(this.#template, megabytes * 1024 * 1024)
    const [command, ...args] = make
    execFileSync(command, [...args, this.#template], { stdio: 'pipe' })
    t.teardown(() => this.unmount())
    this.#mount(this.#template)
    prepare(this.mounted)
    this.unmount()
  }

  #mount(file: string): void {
    execFileSync('mount', ['-o', 'loop', file, this.mounted])
    this.isMounted = true
  }

  mountAnew(): void {
    execFileSync('cp', ['--sparse=always', this.#template, this.#file])
    this.#mount(this.#file)
  }

  /** Shows the state on the disk, after whatever has happened. */
  mountAgain(): void {
    this.unmount()
    this.#mount(this.#file)
  }

  unmount(): void {
    if (this.isMounted) execFileSync('umount', [this.mounted])
    this.isMounted = false
  }
}

interface Seen {
  /** in the form of test/support/look.ts */
  outcome: [string, unknown]
  left: string[]
}

/** The own properties of an error. */
const propertiesOf = ({ outcome }: Seen): Record<string, unknown> => {
  const [settled, error] = outcome as [string, [string, [string, unknown][]]]
  return settled === 'rejected' ? Object.fromEntries(error[1]) : {}
}

interface Scenario {
  image: Image
  operation: Operation
  /** called while the process is held at its use of a call on this path */
  strike?: { call: Call; path: string; now(directory: string): void }
  /** Compares only names, after mounting the file system again. */
  again?: boolean
  /** replaces the tree in the image */
  tree?: string
}

async function held(plan: Plan): Promise<void> {
  while (plan.held === 0) await setTimeout(2)
}

async function play(t: Test, { image, operation, strike, again, tree }: Scenario, side: string): Promise<Seen> {
  image.mountAnew()
  try {
    const { plan, env } = makePlan(t)
    if (strike) {
      plan.root = image.mounted
      plan.place = join(image.mounted, strike.path)
      plan.arm([{ call: strike.call, first: 1, action: 'hold', argument: 120_000 }])
    }
    const program = new URL('./programs/tree.js', import.meta.url)
    const implementation = side === 'node' ? {} : { CAIO_IMPL: side }
    const args = [side === 'node' ? side : 'caio', operation, image.mounted, ...(tree ? [tree] : [])]
    const ending = runProgram(program, args, {
      // One thread: Node's other work stops, too.
      env: { ...env, ...implementation, UV_THREADPOOL_SIZE: '1' },
    })
    if (strike) {
      await Promise.race([held(plan), ending])
      strike.now(image.mounted)
      plan.release()
    }
    const { stdout, stderr } = await ending
    t.equal(stderr, '', `${side}: nothing is complained of`)
    if (again) image.mountAgain()
    const left = text(image.mounted)
    return { outcome: JSON.parse(stdout) as Seen['outcome'], left: again ? left.map(withoutContent) : left }
  } finally {
    image.unmount()
  }
}

/** Keeps names and modes. */
function withoutContent(line: string): string {
  return line.replace(/^(.* \d+) .*$/, '$1')
}

const asNode = (seen: Seen, node: Seen, t: Test): void => void t.same(seen, node, 'as Node')

/** Compares each backend with Node. `judge` replaces or extends the check that both are equal. */
async function compare(
  t: Test,
  scenario: Scenario,
  judge: (seen: Seen, node: Seen, t: Test) => void = asNode,
): Promise<void> {
  const node = await play(t, scenario, 'node')
  t.comment(`counted: Node: ${node.outcome[0]}, ${String(propertiesOf(node)['message'] ?? '')}`)
  for (const backend of backends) {
    await t.test(backend, async (t) => {
      const seen = await play(t, scenario, backend)
      // On `pure`, these are Node's own functions.
      if (backend === 'pure') asNode(seen, node, t)
      else judge(seen, node, t)
    })
  }
}

function makeTree(directory: string, size = 5000): void {
  const tree = join(directory, 'tree')
  fs.mkdirSync(join(tree, 'b/c'), { recursive: true })
  fs.mkdirSync(join(tree, 'd/e'), { recursive: true })
  for (const name of ['a', 'b/f', 'b/c/g', 'd/h', 'd/e/i']) fs.writeFileSync(join(tree, name), 'x'.repeat(size))
  fs.symlinkSync('f', join(tree, 'b/link'))
}

const ext4 = ['mkfs.ext4', '-q', '-F', '-m', '0'] as const

/** Flushes everything done so far to the disk, then writes nothing more. */
function pullOut(directory: string): void {
  const script = `import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 1))`
  execFileSync('python3', ['-c', script, directory])
}

const remountReadOnly = (directory: string): void => void execFileSync('mount', ['-o', 'remount,ro', directory])

/** Where each operation is held. */
const strikes: Record<Operation, { call: Call; path: string }> = {
  cp: { call: 'mkdir', path: 'copy/b' },
  rm: { call: 'unlink', path: 'tree/b/f' },
  mkdir: { call: 'mkdir', path: 'new/a' },
  readdir: { call: 'opendir', path: 'tree/b' },
}

/** The reason, where Node 20 reports ENOENT, since it checks whether the path exists. */
function asNodeButCode(code: string) {
  return (seen: Seen, node: Seen, t: Test): void => {
    const { path, syscall } = propertiesOf(node)
    t.match(propertiesOf(seen), { code, path, syscall }, 'the reason, and where')
    t.same(seen.left, node.left, 'what is left is as with Node')
  }
}

/** Node removes in parallel, caio one after the other: the remaining files differ. */
function sameErrorOfRm(all: string[]) {
  return (seen: Seen, node: Seen, t: Test): void => {
    t.same(seen.outcome, node.outcome, 'the error is as with Node')
    t.same(
      seen.left.filter((line) => !all.includes(line)),
      [],
      'nothing is left that was not there',
    )
    t.ok(
      seen.left.some((line) => line.startsWith('/tree/b/f ')),
      'what could not be removed is there',
    )
  }
}

/** Outcome of a call while its file system is taken away. */
async function struck(t: Test, what: 'EIO' | 'EROFS'): Promise<void> {
  const image = new Image(t, 16, ext4, makeTree)
  image.mountAnew()
  const all = text(image.mounted).map(what === 'EIO' ? withoutContent : (line) => line)
  image.unmount()
  for (const operation of Object.keys(strikes) as Operation[]) {
    await t.test(operation, async (t) => {
      const strike = { ...strikes[operation], now: what === 'EIO' ? pullOut : remountReadOnly }
      const scenario = { image, operation, strike, again: what === 'EIO' }
      const judge = operation === 'mkdir' ? asNodeButCode(what) : operation === 'rm' ? sameErrorOfRm(all) : undefined
      await compare(t, scenario, judge)
    })
  }
}

const skip = whyNoMount()

void t.test('a file system that turns read-only', { skip: skip ?? false }, (t) => struck(t, 'EROFS'))
void t.test('a device that disappears', { skip: skip ?? false }, (t) => struck(t, 'EIO'))

void t.test('a file system that is full', { skip: skip ?? false }, async (t) => {
  await t.test('cp', async (t) => {
    const image = new Image(t, 4, [...ext4, '-O', '^has_journal'], (directory) => {
      makeTree(directory, 200_000)
      // Leaves room for two of the five.
      const { bavail, bsize } = fs.statfsSync(directory)
      const filler = fs.openSync(join(directory, 'filler'), 'w')
      execFileSync('fallocate', ['-l', String(bavail * bsize - 500_000), join(directory, 'filler')])
      fs.closeSync(filler)
    })
    await compare(t, { image, operation: 'cp' }, (seen, node, t) => {
      asNode(seen, node, t)
      t.match(propertiesOf(seen), { code: 'ENOSPC', syscall: 'copyfile' })
    })
  })
  await t.test('mkdir', async (t) => {
    const image = new Image(t, 4, [...ext4, '-N', '32'], (directory) => {
      for (let at = 0; fs.statfsSync(directory).ffree > 2; at++) fs.writeFileSync(join(directory, `file-${at}`), '')
    })
    await compare(t, { image, operation: 'mkdir' }, (seen, node, t) => {
      asNodeButCode('ENOSPC')(seen, node, t)
      t.match(propertiesOf(seen), { path: join(image.mounted, 'new/a/b') })
    })
  })
})

/** ext4's quotas need a kernel option that many lack. */
function whyNoQuota(): string | undefined {
  if (skip) return skip
  if (spawnSync('btrfs', ['--version']).error || spawnSync('mkfs.btrfs', ['--version']).error) {
    return 'there is no btrfs'
  }
  spawnSync('modprobe', ['btrfs'])
  return kernelHas('btrfs') ? undefined : 'the kernel has no btrfs'
}

const noQuota = whyNoQuota()
void t.test('a quota', { skip: noQuota ?? false }, async (t) => {
  // From another file system: within one, the kernel would share the extents instead of copying.
  const elsewhere = temporaryDirectory(t)
  makeTree(elsewhere, 2_000_000)
  const image = new Image(t, 120, ['mkfs.btrfs', '-q', '-f'], (directory) => {
    execFileSync('btrfs', ['quota', 'enable', directory])
    execFileSync('btrfs', ['quota', 'rescan', '-w', directory], { stdio: 'pipe' })
    execFileSync('btrfs', ['qgroup', 'limit', String(5_000_000), directory])
  })
  await compare(t, { image, operation: 'cp', tree: join(elsewhere, 'tree') }, (seen, node, t) => {
    asNode(seen, node, t)
    // libuv has no name for it.
    t.match(propertiesOf(seen), { errno: -122, syscall: 'copyfile' })
  })
})
