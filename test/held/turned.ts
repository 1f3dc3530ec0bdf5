/** A path that leads to another file system than before, and a device number that is reused; see cases.ts. */
import { execFileSync } from 'node:child_process'
import nodeFs, { constants } from 'node:fs'
import { join } from 'node:path'
import { defaultContext } from 'caio'
import fs from 'caio/fs'
import { begin, measure, run } from './cases.js'
import { HOLD, makePoint } from './situations.js'

const helper = begin('held_fs')

function fill(directory: string): void {
  for (let at = 0; at < 4; at++) nodeFs.writeFileSync(join(directory, `f${at}`), Buffer.alloc(4096, 'x'))
}

/** Uses these files while all their requests are held. */
async function measureUse(directory: string): Promise<void> {
  await helper.tell(`watch ${process.pid}`)
  await helper.tell(`hold ${HOLD} 100 all`)
  await measure(() => use(directory))
  await helper.tell('watch 0')
  await helper.tell('pass')
}

async function use(directory: string): Promise<void> {
  const path = join(directory, 'f3')
  for (let round = 0; round < 2; round++) {
    await fs.stat(path)
    await fs.lstat(path)
    await fs.access(path, constants.R_OK)
    await fs.realpath(path)
    await fs.readdir(directory)
    await (await fs.opendir(directory)).close()
    await fs.statfs(directory)
    await (await fs.open(path)).close()
  }
  await fs.symlink(path, `${path}-link`)
  await fs.readlink(`${path}-link`)
  await fs.link(path, `${path}-other`)
  await fs.rename(`${path}-other`, `${path}-renamed`)
  for (const name of ['link', 'renamed']) await fs.unlink(`${path}-${name}`)
  await fs.mkdir(`${path}-made`)
  await fs.rmdir(`${path}-made`)
  await fs.mkdir(`${path}-tree/below`, { recursive: true })
  // Node's own stats each entry on the JavaScript thread.
  if (defaultContext().backend !== 'pure') await fs.readdir(`${path}-tree`, { recursive: true })
  await fs.cp(`${path}-tree`, `${path}-trees`, { recursive: true })
  for (const name of ['tree', 'trees']) await fs.rm(`${path}-${name}`, { recursive: true })
  await fs.chmod(path, 0o600)
  await fs.chown(path, 0, 0)
  await fs.lchown(path, 0, 0)
  await fs.utimes(path, 1, 1)
  await fs.lutimes(path, 1, 1)
  await fs.copyFile(path, `${path}-copy`)
  await fs.truncate(`${path}-copy`, 1)
  await fs.unlink(`${path}-copy`)
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

/** Makes everything about the directory known. */
async function learn(directory: string): Promise<void> {
  fill(directory)
  for (let round = 0; round < 3; round++) await use(directory)
}

await run({
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
    await measureUse(link)
  },
  async mount() {
    const point = makePoint(helper)
    await learn(point)
    await helper.tell(`mount ${point}`)
    fill(point)
    await learn(point)
    await measureUse(point)
  },
  // Only the mount is in between: the names are not even in the kernel's cache.
  async 'mount, unseen'() {
    const point = makePoint(helper)
    await learn(point)
    await helper.tell(`mount ${point}`)
    fill(point)
    await measureUse(point)
  },
  async device() {
    const disk = begin('mounted')
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
      await measureUse(after)
    } finally {
      // It goes with the mount.
      execFileSync('losetup', ['--detach', device])
    }
  },
})
