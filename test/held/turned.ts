/**
 * A path that leads to another file system than a moment ago, and a device's number that has become another's: `turned.js CASE
 * PROGRAMS`. The backend is CAIO_IMPL's. Tells {@link Turned} as JSON.
 */
import { execFileSync } from 'node:child_process'
import nodeFs, { constants } from 'node:fs'
import { join } from 'node:path'
import fs from 'caio/fs'
import { LoopWatch } from './event-loop.js'
import type { Turns } from './event-loop.js'
import { Helper } from './helper.js'
import { HOLD, TURNING, makePoint } from './situations.js'

export interface Turned extends Turns {
  /** what the event loop asked the server for */
  asked: readonly string[]
  held: number
}

const [, , name = '', programs = ''] = process.argv
const helper = new Helper('held_fs', programs)
const watch = new LoopWatch()
const result: Turned = { longest: 0, waited: 0, asked: [], held: 0 }
const asked: string[] = []
let measuring = false
helper.onAsked = (what) => asked.push(what)
helper.onHeld = (held) => {
  result.held++
  // Only a loop that turns ends it early.
  setTimeout(() => measuring && void helper.free(held), TURNING)
}

function fill(directory: string): void {
  for (let at = 0; at < 4; at++) nodeFs.writeFileSync(join(directory, `f${at}`), Buffer.alloc(4096, 'x'))
}

/** Use of these files while all that they ask for is held. */
async function measure(directory: string): Promise<void> {
  await helper.tell(`watch ${process.pid}`)
  await helper.tell(`hold ${HOLD} 100 all`)
  watch.reset()
  measuring = true
  await use(directory)
  Object.assign(result, await watch.turns(), { asked })
  measuring = false
  await helper.tell('watch 0')
  await helper.tell('pass')
}

async function use(directory: string): Promise<void> {
  await fs.readFile(join(directory, 'f0'))
  await fs.readFile(join(directory, 'f0'), 'utf8')
  await fs.writeFile(join(directory, 'f1'), 'content')
  for (const flags of [constants.O_RDWR, constants.O_RDWR | constants.O_DIRECT]) {
    const handle = await fs.open(join(directory, 'f2'), flags, 0o666, { bounce: true })
    await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    await handle.write(Buffer.alloc(4096), 0, 4096, 0)
    await handle.sync()
    await handle.close()
  }
}

/** So that whatever is learnt of it is learnt. */
async function learn(directory: string): Promise<void> {
  fill(directory)
  for (let round = 0; round < 3; round++) await use(directory)
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  async link() {
    const before = join(helper.home, 'before')
    const link = join(helper.home, 'link')
    nodeFs.mkdirSync(before)
    const after = makePoint(helper)
    await helper.tell(`mount ${after}`)
    fill(after)
    nodeFs.symlinkSync(before, link)
    nodeFs.symlinkSync(after, `${link}2`)
    await learn(link)
    nodeFs.renameSync(`${link}2`, link)
    await measure(link)
  },
  async mount() {
    const point = makePoint(helper)
    await learn(point)
    await helper.tell(`mount ${point}`)
    fill(point)
    await learn(point)
    await measure(point)
  },
  // Nothing but the mount is between: the names are not even in the kernel's cache.
  async 'mount, unseen'() {
    const point = makePoint(helper)
    await learn(point)
    await helper.tell(`mount ${point}`)
    fill(point)
    await measure(point)
  },
  async device() {
    const disk = new Helper('mounted', programs)
    const image = join(disk.home, 'image')
    nodeFs.writeFileSync(image, '')
    nodeFs.truncateSync(image, 64 * 2 ** 20)
    execFileSync('mkfs.ext4', ['-q', '-F', image])
    const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim()
    try {
      const before = makePoint(disk)
      await disk.tell(`bind ${device} ${before}`)
      await learn(before)
      const { dev } = nodeFs.statSync(before)
      await disk.tell('unmount')
      const after = makePoint(helper)
      await helper.tell(`mount ${after} ${device}`)
      if (nodeFs.statSync(after).dev !== dev) throw new Error('the number is not used again')
      fill(after)
      await measure(after)
    } finally {
      // It goes with the mount.
      execFileSync('losetup', ['--detach', device])
      await disk.end()
    }
  },
}

try {
  await (cases[name] as () => Promise<void>)()
} finally {
  await watch.end()
  await helper.end()
}
console.log(JSON.stringify(result))
