/** caio/testing: views of a fake disk, its state after a power cut, and stores tested with it. */
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { LogReader, LogWriter } from 'caio'
import { FakeDisk } from 'caio/testing'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { Table, SLOTS } from '../../support/recipe-table.js'

const read = async (disk: FakeDisk, path: string): Promise<string> =>
  disk.promises.readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => String(code))

t.setTimeout(120_000)

t.test('a disk as programs see it', async (t) => {
  const { promises: fs } = new FakeDisk()
  await fs.mkdir('/a/b', { recursive: true })
  await fs.writeFile('/a/b/file', 'content')
  await fs.appendFile(new URL('file:///a/b/file'), '!')
  t.equal(await fs.readFile('/a/b/file', 'utf8'), 'content!')
  const handle = await fs.open(Buffer.from('/a/b/file'), 'r+')
  await handle.write('CON', 0)
  const memory = Buffer.alloc(10, '#')
  t.equal((await handle.read(memory, 2, 4, 1)).bytesRead, 4)
  t.equal(String(memory), '##ONte####')
  t.equal((await handle.read(memory, 0, 10, 5)).bytesRead, 3)
  t.equal((await handle.writev([Buffer.from('x'), Buffer.from('yz')], 8)).bytesWritten, 3)
  const views = [Buffer.alloc(2), Buffer.alloc(20)]
  t.equal((await handle.readv(views, 6)).bytesRead, 5)
  t.equal(String(views[0]), 't!')
  await handle.truncate(3)
  t.equal((await handle.stat()).size, 3)
  await handle.truncate(5)
  t.equal(await fs.readFile('/a/b/file', 'latin1'), 'CON\0\0')
  await handle.close()
  t.match(await rejectionOf(handle.read(memory)), { code: 'EBADF' })
  await fs.rename('/a/b/file', '/a/other')
  t.same(await fs.readdir('/a'), ['b', 'other'])
  t.same(
    (await fs.readdir('/a', { withFileTypes: true })).map((entry) => [entry.name, entry.isDirectory()]),
    [
      ['b', true],
      ['other', false],
    ],
  )
  await fs.rmdir('/a/b')
  await fs.unlink('/a/other')
  const refused: [() => Promise<unknown>, string][] = [
    [() => fs.open('/a/none'), 'ENOENT'],
    [() => fs.open('/none/none', 'w'), 'ENOENT'],
    [() => fs.open('/a', 'w'), 'EISDIR'],
    [() => fs.rename('/a/none', '/b'), 'ENOENT'],
    [() => fs.unlink('/a'), 'EISDIR'],
    [() => fs.mkdir('/a'), 'EEXIST'],
    [() => fs.open('/a', 'q'), 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [call, code] of refused) t.match(await rejectionOf(call()), { code })
})

t.test('as a real disk', { skip: process.platform !== 'linux' && 'errors are those of Linux' }, async (t) => {
  type Fs = Pick<
    typeof nodePromises,
    'open' | 'rename' | 'stat' | 'readdir' | 'mkdir' | 'writeFile' | 'unlink' | 'rmdir'
  >
  const play = async (fs: Fs, root: string): Promise<unknown[]> => {
    const at = (name: string): string => root + name
    for (const name of ['/empty', '/full', '/full/deep', '/other']) await fs.mkdir(at(name))
    for (const name of ['/file', '/full/file', '/other/file']) await fs.writeFile(at(name), name)
    const handle = await fs.open(at('/handle'), 'w+')
    const memory = Buffer.alloc(3)
    const calls: (() => Promise<unknown>)[] = [
      () => fs.rename(at('/other'), at('/full')),
      () => fs.rename(at('/full'), at('/full/deep/itself')),
      () => fs.rename(at('/full/file'), at('/full')),
      () => fs.rename(at('/file'), at('/empty')),
      () => fs.rename(at('/empty'), at('/file')),
      () => fs.rename(at('/full/deep'), at('/full')),
      () => fs.rename(at('/file'), at('/file')),
      () => fs.rename(at('/file/'), at('/new')),
      () => fs.rename(at('/other'), at('/empty')),
      () => fs.readdir(at('/empty')),
      () => fs.open(at('/file/'), 'r'),
      () => fs.open(at('/file/.'), 'r'),
      () => fs.open(at('/new/'), 'w'),
      () => fs.stat(at('/file/')),
      () => fs.unlink(at('/file/')),
      () => fs.rmdir(at('/file')),
      () => fs.rmdir(at('/full')),
      () => fs.readdir(at('/full/')),
      () => fs.mkdir(at('/made/')),
      () => handle.write(Buffer.from('abcdef'), 0, 6, 0),
      () => handle.read(memory, 0, 3, 2).then(() => String(memory)),
      () => handle.read(memory, 0, 2, null).then(() => String(memory)),
      () => handle.read(memory, 0, 3, -1).then(() => String(memory)),
      () => handle.close().then(() => handle.close()),
    ]
    const seen = []
    for (const call of calls) {
      const outcome = await call().then(
        (value) => (Array.isArray(value) || typeof value === 'string' ? value : 'done'),
        ({ code, syscall }: NodeJS.ErrnoException) => [code, syscall],
      )
      seen.push([String(call), outcome])
    }
    return seen
  }
  const real = await play(nodePromises, temporaryDirectory(t))
  const disk = new FakeDisk()
  t.same(await play(disk.promises, ''), real)
  // An overload of Node's since version 21.
  const handle = await disk.promises.open('/file', 'r')
  const memory = Buffer.alloc(3)
  await handle.read({ buffer: memory, position: 2n as unknown as number })
  t.equal(String(memory), 'ile', 'a position may be a bigint')
})

t.test('what was not synced is lost, or torn', async (t) => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 60; seed++) {
    const disk = new FakeDisk({ seed })
    const { promises: fs } = disk
    const handle = await fs.open('/file', 'w+')
    await handle.write(Buffer.alloc(2048, 'o'), 0, 2048, 0)
    await handle.sync()
    await handle.write(Buffer.alloc(2048, 'n'), 0, 2048, 0)
    const directory = await fs.open('/', 'r')
    await directory.sync()
    disk.cutPower()
    t.match(await rejectionOf(handle.write('x', 0)), { code: 'EIO' })
    t.match(await rejectionOf(fs.readFile('/file')), { code: 'EIO' })
    disk.powerOn()
    t.match(await rejectionOf(handle.write('x', 0)), { code: 'EBADF' }, 'handles of before are gone')
    const bytes = (await fs.readFile('/file')) as Buffer
    seen.add([0, 512, 1024, 1536].map((at) => bytes.toString('latin1', at, at + 1)).join(''))
    for (let at = 0; at < 2048; at += 512) {
      const sector = bytes.toString('latin1', at, at + 512)
      if (!['o', 'n'].some((letter) => sector === letter.repeat(512))) t.fail(`half a sector at ${at}`)
    }
  }
  t.ok(seen.has('oooo') && seen.has('nnnn'), 'nothing of it, and all of it')
  t.ok(seen.size > 6, `${[...seen].join(' ')}`)
})

t.test('names are durable when their directory is', async (t) => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 40; seed++) {
    const disk = new FakeDisk({ seed })
    const { promises: fs } = disk
    await fs.writeFile('/old', 'old', { flush: true })
    await fs.writeFile('/temporary', 'new', { flush: true })
    const directory = await fs.open('/', 'r')
    await directory.sync()
    await fs.rename('/temporary', '/old')
    if (seed % 2 === 0) await directory.sync()
    disk.powerOn()
    const found = `${await read(disk, '/old')} ${await read(disk, '/temporary')}`
    if (seed % 2 === 0) t.equal(found, 'new ENOENT')
    else seen.add(found)
  }
  t.same([...seen].sort(), ['new ENOENT', 'new new', 'old new'])
})

t.test('a full disk, and one that fails', async (t) => {
  const disk = new FakeDisk({ capacity: 10_000 })
  const { promises: fs } = disk
  const handle = await fs.open('/file', 'w+')
  t.equal((await handle.write(Buffer.alloc(12_000), 0, 12_000, 0)).bytesWritten, 10_000, 'as much as fits')
  t.equal(disk.used, 10_000)
  t.match(await rejectionOf(handle.write('x', 10_000)), { code: 'ENOSPC' })
  t.equal((await handle.write('x', 0)).bytesWritten, 1, 'what is there can be written over')
  await handle.truncate(0)
  await handle.write('room', 0)

  disk.fail('sync', 'EIO', 1)
  await handle.sync()
  await handle.write('lost', 0)
  t.match(await rejectionOf(handle.sync()), { code: 'EIO', syscall: 'fsync' })
  t.equal(await read(disk, '/file'), 'lost', 'it is seen')
  await handle.sync()
  const directory = await fs.open('/', 'r')
  await directory.sync()
  disk.powerOn()
  t.equal(await read(disk, '/file'), 'room', 'but no later sync makes it durable')
  disk.fail('write', 'ENOSPC')
  t.match(await rejectionOf(fs.writeFile('/file', 'more')), { code: 'ENOSPC' })
})

t.test('the same seed gives the same', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const disk = new FakeDisk({ seed })
    const { promises: fs } = disk
    disk.cutPowerAt(20)
    for (let at = 0; !disk.isOff; at++) await fs.writeFile(`/${at % 5}`, Buffer.alloc(3000, at)).catch(() => undefined)
    t.equal(disk.changes, 20)
    disk.powerOn()
    const names = await fs.readdir('/')
    return JSON.stringify(await Promise.all(names.map(async (name) => [name, await read(disk, join('/', name))])))
  }
  t.equal(await run(5), await run(5))
  t.not(await run(5), await run(6))
})

t.test('a log loses no commit', async (t) => {
  let found = 0
  for (let seed = 1; seed <= 60; seed++) {
    const disk = new FakeDisk({ seed })
    const fs = disk.promises
    const acknowledged: string[] = []
    disk.cutPowerAt(1 + (seed % 30))
    try {
      for (;;) {
        const log = await LogWriter.open('/log', { fs, preallocate: seed % 2 === 0 ? 0 : 16_384 })
        for (let at = 0; at < 5; at++) {
          const record = `${acknowledged.length} `.padEnd((seed * at * 97) % 2000, 'x')
          log.append(record)
          await log.commit()
          acknowledged.push(record)
        }
        await log.close()
      }
    } catch (error) {
      if (!disk.isOff) throw error
    }
    disk.powerOn()
    const log = await LogWriter.open('/log', { fs })
    await log.close()
    const records: string[] = []
    for await (const { content } of new LogReader('/log', { fs })) records.push(content.toString())
    if (acknowledged.some((record, at) => records[at] !== record)) {
      t.fail(`seed ${seed}: ${acknowledged.length} acknowledged`)
    }
    found += acknowledged.length
  }
  t.ok(found > 100, `${found} commits`)
})

/**
 * Commits to a table until the power is cut; then checks all that was acknowledged.
 * @returns the number of commits, and the faults
 */
async function tableRun(seed: number, syncs: boolean): Promise<{ commits: number; faults: string[] }> {
  const disk = new FakeDisk({ seed })
  const { promises } = disk
  const fs = syncs
    ? promises
    : {
        ...promises,
        async open(...args: Parameters<typeof promises.open>) {
          const handle = await promises.open(...args)
          return Object.defineProperty(handle, 'datasync', { value: async () => undefined })
        },
      }
  const versions = Array.from({ length: SLOTS }, () => 0)
  let commits = 0
  disk.cutPowerAt(5 + seed)
  try {
    const table = await Table.open('/table', { fs, cacheBytes: 16 * 4096 })
    for (;;) {
      const slots = [commits % 7, 7 + (commits % 5), 20 + (commits % 3)]
      await table.commit(slots.map((slot) => [slot, `${slot} ${versions[slot]! + 1} `.padEnd(slot * 100, 'x')]))
      for (const slot of slots) versions[slot]!++
      commits++
    }
  } catch (error) {
    if (!disk.isOff) throw error
  }
  disk.powerOn()
  const faults: string[] = []
  const table = await Table.open('/table', { fs: promises, cacheBytes: 16 * 4096 }).catch((error) => String(error))
  // A root that refers to pages beyond the end of the file.
  if (typeof table === 'string') return { commits, faults: [table] }
  for (const [slot, version] of versions.entries()) {
    const text = await table.get(slot).catch(({ code }: NodeJS.ErrnoException) => String(code))
    const found = Number(text?.split(' ')[1] ?? 0)
    if (text !== undefined && text !== `${slot} ${found} `.padEnd(slot * 100, 'x')) faults.push(`${slot}: ${text}`)
    if (found < version) faults.push(`${slot}: version ${found}, not ${version}`)
  }
  await table.close()
  return { commits, faults }
}

t.test('a table on a PageFile loses no commit, and without syncs it does', async (t) => {
  let commits = 0
  const lost: string[] = []
  for (let seed = 1; seed <= 60; seed++) {
    const run = await tableRun(seed, true)
    commits += run.commits
    if (run.faults.length > 0) t.fail(`seed ${seed}: ${run.faults.slice(0, 3).join('; ')}`)
    if (seed % 3 === 0) lost.push(...(await tableRun(seed, false)).faults)
  }
  t.ok(commits > 60, `${commits} commits`)
  t.ok(lost.length > 0, 'the disk finds a store that does not sync')
})
