/** File systems made for a test in images of their own, and always removed again. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FileSystem {
  name: string
  /** required commands, and the packages that have them */
  tools: { command: string; package: string }[]
  /** Mounts it on `point`, with its files in `home`. */
  mount(home: string, point: string): void
}

const GIBIBYTE = 2 ** 30

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** In a sparse file, through a loop device that goes with the mount. */
function inImage(make: string, ...options: string[]): FileSystem['mount'] {
  return (home, point) => {
    const image = join(home, 'image')
    fs.writeFileSync(image, '')
    fs.truncateSync(image, GIBIBYTE)
    run(make, ...options, image)
    run('mount', '-o', 'loop', image, point)
  }
}

const ext4 = inImage('mkfs.ext4', '-q', '-F', '-b', '4096', '-m', '0')

export const fileSystems: readonly FileSystem[] = [
  { name: 'ext4', tools: [{ command: 'mkfs.ext4', package: 'e2fsprogs' }], mount: ext4 },
  { name: 'xfs', tools: [{ command: 'mkfs.xfs', package: 'xfsprogs' }], mount: inImage('mkfs.xfs', '-q', '-f') },
  {
    name: 'btrfs',
    tools: [{ command: 'mkfs.btrfs', package: 'btrfs-progs' }],
    mount: inImage('mkfs.btrfs', '-q', '-f'),
  },
  {
    name: 'overlayfs',
    tools: [{ command: 'mkfs.ext4', package: 'e2fsprogs' }],
    mount(home, point) {
      // Over a file system of its own: `home` may be on an overlay, which supports no other above it.
      const base = join(home, 'base')
      fs.mkdirSync(base)
      ext4(home, base)
      for (const part of ['lower', 'upper', 'work']) fs.mkdirSync(join(base, part))
      const parts = ['lower', 'upper', 'work'].map((part) => `${part}dir=${join(base, part)}`)
      run('mount', '-t', 'overlay', 'overlay', '-o', parts.join(','), point)
    },
  },
  { name: 'tmpfs', tools: [], mount: (_, point) => run('mount', '-t', 'tmpfs', '-o', 'size=2g', 'tmpfs', point) },
  {
    name: 'FUSE (bindfs)',
    tools: [{ command: 'bindfs', package: 'bindfs' }],
    mount(home, point) {
      const source = join(home, 'source')
      fs.mkdirSync(source)
      run('bindfs', source, point)
    },
  },
]

function has(command: string): boolean {
  const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  return places.some((place) => fs.existsSync(join(place, command)))
}

let updated = false

/**
 * Installs missing tools.
 * @returns why that failed, or undefined
 */
export function whyNoTools({ tools }: FileSystem): string | undefined {
  const missing = tools.filter(({ command }) => !has(command)).map((tool) => tool.package)
  if (missing.length === 0) return undefined
  try {
    if (!updated) run('apt-get', 'update', '-qq')
    updated = true
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing)
    return undefined
  } catch (error) {
    return `${missing.join(', ')} cannot be installed: ${(error as Error).message.split('\n')[0]}`
  }
}

function isMounted(point: string): boolean {
  return fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === point)
}

function unmount(point: string): void {
  if (!isMounted(point)) return
  try {
    run('umount', point)
  } catch {
    // Still in use; it goes when that ends.
    run('umount', '--lazy', point)
  }
}

/** Present mounts. */
const homes = new Set<string>()

/** The root of a mounted file system. {@link removeAll} removes it. */
export function mount(fileSystem: FileSystem): string {
  const home = fs.realpathSync(fs.mkdtempSync(join(process.env['CAIO_TEST_DIR'] ?? tmpdir(), 'caio-fs-')))
  homes.add(home)
  const point = join(home, 'mounted')
  fs.mkdirSync(point)
  fileSystem.mount(home, point)
  fs.chmodSync(point, 0o1777)
  return point
}

/** Unmounts and removes everything; safe to call at any time, and again. */
export function removeAll(): void {
  for (const home of homes) {
    // The upper one first.
    for (const point of [join(home, 'mounted'), join(home, 'base')]) unmount(point)
    if (![join(home, 'mounted'), join(home, 'base')].some(isMounted)) fs.rmSync(home, { recursive: true, force: true })
    homes.delete(home)
  }
}
