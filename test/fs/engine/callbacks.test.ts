/**
 * patch({ callbacks: true }) and its preload: the engine serves plain calls, every way to reach
 * them works, and unpatch restores all.
 */
// @thorough linux thread pure uring
import t from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { subject } from '../../support/subject.js'

const opening = `
  import assert from 'node:assert'
  import { execFileSync } from 'node:child_process'
  import fs, { read as named } from 'node:fs'
  import { createRequire } from 'node:module'
  import { join } from 'node:path'
  import { promisify } from 'node:util'
  import { buffer } from 'node:stream/consumers'
  import { finished } from 'node:stream/promises'
  import { defaultContext, patch, unpatch } from 'caio'
  import * as namespace from 'node:fs'
  const before = Object.getOwnPropertyDescriptors(fs)
  const path = join(import.meta.dirname, 'file')
  const operations = () => defaultContext().stats().operations
  const served = async (act) => {
    const past = operations()
    await act()
    const entries = Object.entries(operations()).map(([name, count]) => [name, count - past[name]])
    return Object.fromEntries(entries.filter(([, count]) => count !== 0))
  }
  fs.writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')
  const fd = fs.openSync(path, 'r+')
  const four = () => Buffer.alloc(4)
  const call = (name, ...args) => promisify(fs[name])(...args)
  const whole = ${JSON.stringify(subject !== 'pure')}
  const ifWhole = (counts) => (whole ? counts : {})
  const busyUntil = (condition, why) => {
    const started = Date.now()
    while (!condition()) assert.ok(Date.now() < started + 10_000, why)
  }`

const programs: Record<string, string> = {
  'hooks see the requests that Node would make, and the callback keeps its context': `
    const { AsyncLocalStorage, createHook, triggerAsyncId } = await import('node:async_hooks')
    const requests = async () => {
      const seen = new Map()
      const init = (id, type, trigger) => type === 'FSREQCALLBACK' && seen.set(id, trigger)
      const hook = createHook({ init }).enable()
      await call('readFile', path)
      hook.disable()
      const ids = [...seen.keys()]
      return [...seen.values()].map((trigger) => ids.indexOf(trigger))
    }
    const nodes = await requests()
    // Since 26.8 one that does all.
    assert.deepEqual(nodes, nodes.length === 1 ? [-1] : [-1, 0, 1, 2])
    patch({ callbacks: true })
    assert.deepEqual(await requests(), nodes)
    const storage = new AsyncLocalStorage()
    const read = new Promise((resolve) => storage.run('mine', () => fs.readFile(path, () => resolve(storage.getStore()))))
    assert.equal(await read, 'mine')`,
  'what is plain is the engine’s': `
    patch({ callbacks: true })
    // What has no position, and what is not of a transfer.
    const opened = () => new Promise((resolve) => fs.open(path, (error, fd) => resolve(fd)))
    const table = [
      [() => call('read', fd, four(), 0, 4, 0), { read: 1 }],
      [() => call('read', fd, four(), { position: 1 }), { read: 1 }],
      [() => call('read', fd, { buffer: four(), position: 1 }), { read: 1 }],
      [() => call('read', fd, four(), 0, 4, null), ifWhole({ read: 1 })],
      [() => call('read', fd, four()), ifWhole({ read: 1 })],
      [() => call('read', fd, { buffer: four() }), ifWhole({ read: 1 })],
      [() => call('write', fd, four(), 0, 4, 0), { write: 1 }],
      [() => call('write', fd, four(), { position: 4 }), { write: 1 }],
      [() => call('write', fd, 'text', 3), { write: 1 }],
      [() => call('write', fd, 'text', 3, 'utf8'), { write: 1 }],
      [() => call('readv', fd, [four()], 0), { readv: 1 }],
      [() => call('readv', fd, [four()]), ifWhole({ readv: 1 })],
      [() => call('write', fd, four()), ifWhole({ write: 1 })],
      [() => call('write', fd, four(), 0, 4, null), ifWhole({ write: 1 })],
      [() => call('write', fd, 'text'), ifWhole({ write: 1 })],
      [() => call('writev', fd, [four()], 0), { writev: 1 }],
      [() => call('writev', fd, [four()], null), ifWhole({ writev: 1 })],
      [() => call('fsync', fd), { fsync: 1 }],
      [() => call('fdatasync', fd), { fdsync: 1 }],
      [() => call('fstat', fd), ifWhole({ fstat: 1 })],
      [() => call('ftruncate', fd, 20), ifWhole({ ftruncate: 1 })],
      [() => call('fchmod', fd, 0o600), ifWhole({ fchmod: 1 })],
      [() => call('fchown', fd, -1, -1), ifWhole({ fchown: 1 })],
      [() => call('futimes', fd, 1, new Date()), ifWhole({ futimes: 1 })],
      [() => call('fstat', fd, { bigint: false }), ifWhole({ fstat: 1 })],
      [async () => call('close', await opened()), ifWhole({ open: 1, close: 1 })],
      [() => call('writeFile', path + '-whole', 'text'), ifWhole({ writeFile: 1 })],
      [() => call('appendFile', path + '-whole', 'more'), ifWhole({ writeFile: 1 })],
      [() => call('writeFile', path + '-flushed', 'text', { flush: true }),
        { fsync: 1, ...ifWhole({ open: 1, write: 1, close: 1 }) }],
      [() => call('readFile', path + '-whole'), ifWhole({ readFile: 1 })],
      [() => buffer(fs.createReadStream(path)), ifWhole({ open: 1, read: 2, close: 1 })],
      [() => buffer(fs.createReadStream(path, { start: 0, highWaterMark: 1000 })),
        { read: 2, ...ifWhole({ open: 1, close: 1 }) }],
      [() => finished(fs.createWriteStream(path + '-stream').end('text')), ifWhole({ open: 1, write: 1, close: 1 })],
      [() => finished(fs.createWriteStream(path + '-stream', { start: 0, flush: true }).end('text')),
        { write: 1, fsync: 1, ...ifWhole({ open: 1, close: 1 }) }],
    ]
    for (const [act, counts] of table) assert.deepEqual(await served(act), counts, String(act))`,
  'what is not is Node’s': `
    patch({ callbacks: true })
    const { openSync, closeSync } = fs
    const table = [
      () => call('read', fd, four(), 0, 4, -1n),
      () => call('read', fd, four(), 0, 0, 0),
      () => call('write', fd, 'abcd', 3, 'hex'),
      () => call('readFile', fd),
      () => call('writeFile', path, 'text', { signal: new AbortController().signal }),
      () => call('fstat', fd, { bigint: true }),
      () => fs.readSync(fd, four(), 0, 4, 0),
      () => call('read', openSync('/dev/zero'), four(), 0, 4, null),
      () => new Promise((resolve) => fs.open(path, 'rs', (error, fd) => resolve(closeSync(fd)))),
      // The order of those that Node serves is known to Node alone.
      async () => {
        const served = openSync(path, 'r+')
        await call('write', served, 'abcd', 3, 'hex')
        await call('read', served, four(), 0, 4, null)
        await call('close', served)
      },
    ]
    for (const act of table) {
      const counts = await served(act)
      // Before 26.8 Node itself calls what is replaced.
      if (String(act).includes('writeFile')) continue
      assert.deepEqual(counts, {}, String(act))
    }`,
  'reads without a position have an order': `
    patch({ callbacks: true })
    const expected = Array.from({ length: 500 }, (_, at) => at + ';').join('')
    fs.writeFileSync(path + '-order', expected)
    const again = fs.openSync(path + '-order', 'r')
    const pieces = await Promise.all(Array.from({ length: 300 }, async (_, at) => {
      const bytes = Buffer.alloc(1 + (at % 9))
      const { bytesRead } = at % 2 ? await call('read', again, bytes) : await call('readv', again, [bytes])
      return bytes.toString('latin1', 0, bytesRead)
    }))
    if (whole) assert.equal(pieces.join(''), expected.slice(0, pieces.join('').length))`,
  'writes without a position are under way at once': `
    patch({ callbacks: true })
    const name = path + '-log'
    const file = fs.openSync(name, 'w')
    // More than may be in flight with the engine.
    const lines = Array.from({ length: 2000 }, (_, line) => line + ';')
    for (const line of lines) fs.write(file, line, () => {})
    const all = lines.join('')
    busyUntil(() => fs.readFileSync(name).length >= all.length, 'they are written meanwhile')
    fs.closeSync(file)`,
  'a write without a position, behind what the engine gets later': `
    patch({ callbacks: true })
    const name = path + '-log'
    const opening = fs.openSync(path, 'r')
    for (const before of [
      () => fs.read(opening, four(), 0, 4, null, () => {}),
      () => fs.stat(path + '-x', () => {}),
      () => fs.watchFile(path, () => {}),
    ]) {
      const file = fs.openSync(name, 'w')
      before()
      fs.write(file, 'line', () => {})
      busyUntil(() => fs.readFileSync(name).length >= 4, String(before))
      fs.closeSync(file)
      await call('stat', path)
    }
    fs.unwatchFile(path)`,
  'calls of Node come after what the same tick asked for on the descriptor': `
    patch({ callbacks: true })
    const handle = await fs.promises.open(path, 'r+')
    for (const [size, by, change] of [
      [1000, fd, () => fs.ftruncate(fd, 1000, () => {})],
      [502, fd, () => fs.write(fd, 'at', 500, () => {})],
      [711, handle.fd, () => handle.write('of a handle', 700)],
    ]) {
      for (const nodes of [() => fs.write(by, 'text', () => {}), () => fs.write(by, 'abcd', null, 'hex', () => {})]) {
        await handle.truncate()
        fs.stat(path, () => {})
        fs.read(fd, four(), 0, 4, 0, () => {})
        const changed = change()
        nodes()
        busyUntil(() => fs.statSync(path).size >= size, String(change))
        await changed
        await call('fsync', by)
      }
    }
    await handle.close()`,
  'writes without a position, alone and beside others': `
    patch({ callbacks: true })
    const names = Array.from({ length: 16 }, (_, at) => path + '-many-' + at)
    const files = names.map((name) => fs.openSync(name, 'w'))
    const round = () => served(() => Promise.all(files.map((file) => call('write', file, 'text'))))
    // Those that begin at once: the first, and others as far as the hand-off has served the one before.
    const { write = 0, ...others } = await round()
    assert.deepEqual(others, {})
    assert.equal(write > 0, 'write' in ifWhole({ write: 1 }))
    // One after the other, also beside those of Node, each file's are in order.
    const log = fs.openSync(path + '-log', 'w')
    let expected = ''
    const appending = []
    for (let line = 0; line < 600; line++) {
      expected += line + ';'
      const written = call('write', log, line + ';')
      if (line % 50 === 0) appending.push(...files.map((file) => call('write', file, 'more')))
      await written
    }
    await Promise.all(appending)
    assert.equal(fs.readFileSync(path + '-log', 'utf8'), expected)
    for (const name of names) assert.equal(fs.readFileSync(name, 'utf8'), 'text' + 'more'.repeat(12))
    assert.deepEqual(await served(() => call('write', log, ';')), ifWhole({ write: 1 }))
    for (const file of [...files, log]) fs.closeSync(file)`,
  'mkdir of what is there, by no thread': `
    patch({ callbacks: true })
    const at = (name) => path + '-dir/' + name
    fs.mkdirSync(at('directory'), { recursive: true })
    fs.writeFileSync(at('file'), '')
    fs.symlinkSync('nothing', at('dangling'))
    fs.symlinkSync('directory', at('link'))
    const inline = (name) => defaultContext().stats().ways[name]?.inline ?? 0
    const refused = async (name) => {
      const counted = inline('mkdir')
      const error = await call('mkdir', at(name)).catch((error) => error)
      assert.throws(() => fs.mkdirSync(at(name)), { ...error })
      return inline('mkdir') > counted
    }
    // The first call finds out whether the kernel tells what it has in memory.
    await call('stat', at(''))
    const looked = inline('stat')
    await call('stat', at(''))
    const tells = inline('stat') > looked
    for (const name of ['directory', 'directory/', 'file', 'dangling', 'link', '.']) {
      // If the loop had to wait for another reason, threads serve for a second.
      while (!(await refused(name)) && tells) await call('stat', at(''))
    }
    for (const name of ['dangling/', 'missing/x', 'file/x']) assert.equal(await refused(name), false, name)
    // What only Node knows may be about to remove it.
    for (const remove of [
      (done) => fs.rmdir(at('directory'), { maxRetries: 1 }, done),
      (done) => fs.rmdir(Buffer.from(at('directory')), done),
      (done) => fs.promises.rmdir(Buffer.from(at('directory'))).then(() => done(null), done),
    ]) {
      const removed = new Promise((resolve) => remove(resolve))
      const counted = inline('mkdir')
      await call('mkdir', at('directory')).catch(() => undefined)
      assert.equal(inline('mkdir'), counted, String(remove))
      assert.equal(await removed, null)
      fs.mkdirSync(at('directory'), { recursive: true })
    }`,
  'the number of a file becomes a FIFO’s': `
    patch({ callbacks: true })
    execFileSync('mkfifo', [path + '-fifo'])
    const file = fs.openSync(path, 'r')
    const first = new Promise((resolve) => fs.read(file, Buffer.alloc(1), resolve))
    fs.closeSync(file)
    const fifo = fs.openSync(path + '-fifo', 'r+')
    const read = call('read', fifo, Buffer.alloc(9))
    await call('write', fifo, 'text')
    // The first read may come so late that it takes a byte of the FIFO's, as with Node: or waits for one.
    assert.ok((await read).bytesRead >= 3)
    fs.writeSync(fifo, 'x')
    await first
    await call('close', fifo)`,
  'everybody is reached, and all is given back': `
    const own = fs.read
    patch({ callbacks: true })
    const require = createRequire(import.meta.url)
    for (const read of [fs.read, named, namespace.read, namespace.default.read, require('fs').read, (await import('fs')).read]) {
      assert.notEqual(read, own)
      assert.equal(read, fs.read)
    }
    const changed = Object.keys(before).filter((name) => 'value' in before[name] && before[name].value !== fs[name])
    const onDescriptors = ['close', 'closeSync', 'fchmod', 'fchown', 'fdatasync', 'fstat', 'fsync', 'ftruncate', 'futimes',
      'read', 'readv', 'write', 'writev']
    const onPaths = ['access', 'chmod', 'chown', 'copyFile', 'cp', 'lchown', 'link', 'lstat', 'lutimes', 'mkdir', 'mkdtemp',
      'open', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink',
      'truncate', 'unlink', 'utimes', 'watchFile', 'writeFile']
    assert.deepEqual(changed.sort(), [...onDescriptors, ...onPaths].sort())
    assert.deepEqual(Reflect.ownKeys(fs), Reflect.ownKeys(before))
    unpatch()
    assert.equal(named, own)
    assert.deepEqual(Object.getOwnPropertyDescriptors(fs), before)
    assert.deepEqual(await served(() => call('read', fd, four(), 0, 4, 0)), {})`,
  'only on request, in any order, any number of times': `
    const own = fs.read
    patch()
    assert.equal(fs.read, own)
    const { open } = fs.promises
    patch({ callbacks: true })
    assert.notEqual(fs.read, own)
    assert.equal(fs.promises.open, open)
    patch({ callbacks: true }); patch(); patch({ callbacks: false })
    assert.notEqual(fs.read, own)
    unpatch(); unpatch()
    assert.deepEqual(Object.getOwnPropertyDescriptors(fs), before)
    patch({ callbacks: true })
    const theirs = (...args) => own(...args)
    fs.read = theirs
    unpatch()
    assert.equal(fs.read, theirs)
    assert.equal(fs.write, before.write.value)`,
  'what is under way outlives unpatch': `
    patch({ callbacks: true })
    const reading = call('read', fd, four(), 0, 4, 0)
    const closing = call('close', fd)
    unpatch()
    assert.equal((await reading).bytesRead, 4)
    await closing
    assert.throws(() => fs.fstatSync(fd), { code: 'EBADF' })`,
  // With plain Node, the close may come first.
  'close comes after what the same tick asked for': `
    patch({ callbacks: true })
    for (let round = 0; round < 100; round++) {
      const opened = fs.openSync(path, 'r+')
      const story = []
      await new Promise((resolve) => {
        for (let at = 0; at < 8; at++) fs.write(opened, Buffer.from((round + ':' + at).padEnd(8)), 0, 8, at * 8, (error) => story.push(error ?? 'write'))
        fs.close(opened, (error) => resolve(story.push(error ?? 'close')))
      })
      assert.deepEqual(story, [...Array.from({ length: 8 }, () => 'write'), 'close'])
      assert.equal(fs.readFileSync(path, 'latin1').slice(56), (round + ':7').padEnd(8))
    }`,
  'a close that waits, and a number used again': `
    patch({ callbacks: true })
    for (let round = 0; round < 200; round++) {
      const first = fs.openSync(path + '-first', 'w')
      const writing = Promise.all(Array.from({ length: 10 }, (_, at) => call('write', first, Buffer.from('first'), 0, 5, at * 5)))
      const closing = call('close', first)
      const opening = call('open', path + '-second', 'w')
      await Promise.all([writing, closing])
      const second = await opening
      await call('write', second, Buffer.from('second'), 0, 6, 0)
      await call('close', second)
      assert.equal(fs.readFileSync(path + '-first', 'utf8'), 'first'.repeat(10))
      assert.equal(fs.readFileSync(path + '-second', 'utf8'), 'second')
    }`,
  'a hundred thousand in a chain, and ten thousand at once': `
    patch({ callbacks: true })
    const target = four()
    const one = await served(() => new Promise((resolve) => {
      let left = 100_000
      const next = () => (left-- === 0 ? resolve() : fs.read(fd, target, 0, 4, 0, next))
      next()
    }))
    assert.deepEqual(one, { read: 100_000 })
    const all = await Promise.all(Array.from({ length: 10_000 }, (_, at) => call('read', fd, four(), 0, 4, at % 22)))
    for (const [at, { buffer, bytesRead }] of all.entries()) assert.equal(buffer.toString(), 'abcdefghijklmnopqrstuvwxyz'.substr(at % 22, bytesRead))`,
  // Node's function with a promise calls those with a callback, on the same path.
  'fs.promises.rmdir of a tree': `
    patch({ callbacks: true })
    process.noDeprecation = true
    const tree = path + '-tree'
    await fs.promises.mkdir(tree + '/below/further', { recursive: true })
    await fs.promises.writeFile(tree + '/below/file', '')
    const removed = fs.promises.rmdir(tree, { recursive: true })
    if (Number(process.versions.node.split('.')[0]) < 26) await removed
    else await assert.rejects(removed)
    await fs.promises.rm(tree, { recursive: true, force: true })
    await fs.promises.mkdir(tree)`,
  // Node's function looks at the result of its own stat.
  'fs.realpath of a pipe': `
    const { spawn } = await import('node:child_process')
    const told = () => new Promise((resolve) => {
      const code = 'require("fs").realpath("/dev/stdin", (error, found) => console.log(error?.code ?? found.replace(/[0-9]+/g, 0)))'
      const child = spawn(process.execPath, [...preloads, '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
      child.stdin.end('x')
      child.stdout.setEncoding('utf8').once('data', resolve)
    })
    const preloads = []
    const nodes = await told()
    assert.match(nodes, /proc/)
    preloads.push('--require', 'caio/register/callbacks')
    assert.equal(await told(), nodes)`,
}

for (const [name, source] of Object.entries(programs)) {
  await t.test(name, async (t) => {
    const app = makeApp(t, { 'app.mjs': `${opening}\n${source}` })
    same(
      t,
      await run(['app.mjs'], { cwd: app }),
      { code: 0, signal: null, stdout: '', stderr: '' },
      'every assertion holds',
    )
  })
}

await t.test('the preload', async (t) => {
  const app = makeApp(t, {
    'app.cjs': `
      const { read, openSync } = require('fs')
      const { Worker, isMainThread } = require('worker_threads')
      read(openSync(process.execPath, 'r'), Buffer.alloc(4), 0, 4, 0, async (error, bytesRead) => {
        const { defaultContext } = await import('caio')
        console.log(isMainThread, bytesRead, defaultContext().stats().operations.read, require('fs').promises.open.name)
        if (isMainThread) new Worker(__filename)
      })`,
  })
  const expected = { code: 0, signal: null, stdout: 'true 4 1 open\nfalse 4 1 open\n', stderr: '' }
  for (const by of ['--import', '--require']) {
    same(t, await run([by, 'caio/register/callbacks', 'app.cjs'], { cwd: app }), expected, by)
    same(
      t,
      await run(['app.cjs'], { cwd: app, env: { NODE_OPTIONS: `${by}=caio/register/callbacks` } }),
      expected,
      `${by} in NODE_OPTIONS`,
    )
  }
  const both = ['--import', 'caio/register', '--import', 'caio/register/callbacks', '--require', 'caio/register']
  same(t, await run([...both, 'app.cjs'], { cwd: app }), expected, 'beside the other')
})
