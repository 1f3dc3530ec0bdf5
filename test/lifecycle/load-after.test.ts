/**
 * Under the preload the engine is loaded after enough calls to pay for it, or by a call that needs
 * it; until then Node serves.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'

const directory = temporaryDirectory(t)

/**
 * Runs a CommonJS program, with the preload or without it.
 * @returns its output, parsed as JSON
 */
async function run(source: string, env: NodeJS.ProcessEnv = {}, preload = true): Promise<unknown> {
  const path = join(directory, 'program.cjs')
  writeFileSync(
    path,
    `const fs = require('node:fs')
     const { promises } = fs
     const home = ${JSON.stringify(directory)}
     const isLoaded = () => Object.keys(require.cache).some((file) => file.endsWith('caio.cjs'))
     ;(async () => { ${source} })().then((told) => console.log(JSON.stringify(told)))`,
  )
  const { code, stdout, stderr } = await runProgram(path, [], {
    cwd: packageRoot,
    nodeArgs: preload ? ['--require', 'caio/register/callbacks'] : [],
    env: { CAIO_IMPL: undefined, CAIO_LOAD_AFTER: undefined, ...env },
  })
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** Counts calls of `stat` until the engine is loaded, during the last of them. */
const count = (call: string): string => `let calls = 0
  while (!isLoaded() && calls < 20000) { calls++; ${call} }
  return calls`
const byPromise = count('await promises.stat(home)')
const byCallback = count('await new Promise((resolve) => fs.stat(home, resolve))')
const byMany = (together: number, call: string): string => `let calls = 0
  const lane = async () => {
    while (!isLoaded() && calls < 20000) { calls++; await ${call} }
  }
  await Promise.all(Array.from({ length: ${together} }, lane))
  return calls`

void t.test('after so many calls', async (t) => {
  t.equal(await run(byPromise), 101)
  t.equal(await run(byCallback), 601)
  const several = (await run(byMany(10, 'new Promise((resolve) => fs.stat(home, resolve))'))) as number
  t.ok(several > 4000 && several <= 6010, `${several} of ten at a time`)
  const many = (await run(byMany(64, 'promises.stat(home)'))) as number
  t.ok(many > 1200 && many <= 1664, `${many} promises of many at a time, each of which counts as a sixteenth`)
  const atServer = `const server = require('node:net').createServer()
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    try { ${byCallback} } finally { server.close() }`
  t.equal(await run(atServer), 17, 'a server makes many')
  t.equal(await run(byCallback, { CAIO_LOAD_AFTER: '3' }), 4)
  t.equal(await run(byPromise, { CAIO_LOAD_AFTER: '0' }), 1)
  t.equal(await run(byPromise, { CAIO_LOAD_AFTER: 'many' }), 101)
  t.equal(
    await run('fs.watchFile(home, () => {}); fs.unwatchFile(home); return isLoaded()', { CAIO_LOAD_AFTER: '9' }),
    true,
  )
  t.equal(await run(byCallback, { CAIO_IMPL: 'thread' }), 1, 'whoever names a backend has it from the first call on')
})

void t.test('while a hook of require calls a function itself', async (t) => {
  const told = await run(
    `const { _extensions } = require('node:module')
     const node = _extensions['.js']
     const stat = () => new Promise((resolve) => fs.stat(home, resolve))
     const calls = []
     const hook = (module, file) => {
       calls.push(stat())
       node(module, file)
     }
     _extensions['.js'] = _extensions['.cjs'] = hook
     const warnings = []
     process.on('warning', ({ message }) => warnings.push(message))
     await stat()
     await new Promise((resolve) => setImmediate(resolve))
     return { failed: (await Promise.all(calls)).filter(Boolean), warnings, isHooked: calls.length > 0, isLoaded: isLoaded() }`,
    { CAIO_LOAD_AFTER: '0' },
  )
  t.strictSame(told, { failed: [], warnings: [], isHooked: true, isLoaded: true })
})

void t.test('at once', async (t) => {
  const calls: Readonly<Record<string, boolean>> = {
    'await promises.open(home).then((handle) => handle.close())': true,
    "await promises.rm(home + '/none', { force: true, recursive: true })": true,
    "await promises.rm(home + '/none', { force: true })": false,
    "await promises.cp(home, home + '-copy', { recursive: true, filter: () => false })": true,
    'fs.watchFile(home, () => {}); fs.unwatchFile(home)': true,
    'await promises.readdir(home, { recursive: true })': true,
    'await (await promises.opendir(home, { recursive: true })).close()': true,
    "await promises.mkdir(home + '/made', { recursive: true })": false,
    'await promises.readdir(home, { recursive: false })': false,
    'await promises.stat(home)': false,
    'fs.closeSync(fs.openSync(home))': false,
    'await promises.stat(null).catch(() => {})': false,
  }
  for (const [call, loads] of Object.entries(calls)) t.equal(await run(`${call}; return isLoaded()`), loads, call)
})

void t.test('again, but ever more rarely, if it fails', async (t) => {
  const [tried, isLoaded] = (await run(
    `const Module = require('node:module')
    const load = Module._load
    let tried = 0
    Module._load = function (request, ...rest) {
      if (!request.endsWith('caio.cjs')) return load.call(this, request, ...rest)
      tried++
      throw new Error('not now')
    }
    for (let calls = 0; calls < 1000; calls++) await promises.stat(home)
    Module._load = load
    for (let calls = 0; calls < 1000; calls++) await promises.stat(home)
    return [tried, isLoaded()]`,
    { CAIO_LOAD_AFTER: '0' },
  )) as [number, boolean]
  t.ok(tried > 5 && tried <= 10, `tried ${tried} times`)
  t.ok(isLoaded)
})

void t.test('no more than is needed', async (t) => {
  const loaded = await run(
    `const ours = require('node:module').createRequire(${JSON.stringify(join(packageRoot, 'package.json'))})('caio/fs')
    for (const call of ['stat', 'open']) await ours[call](home).then((made) => made.close?.())
    const hasThreads = process.moduleLoadList.includes('NativeModule worker_threads')
    return { engine: isLoaded(), hasThreads, callbacks: Object.keys(require.cache).some((file) => file.endsWith('callbacks.cjs')) }`,
    {},
    false,
  )
  t.same(loaded, { engine: true, hasThreads: false, callbacks: false })
})

void t.test('what Node is at work on stays its own', async (t) => {
  const told = await run(
    `require('node:child_process').execFileSync('mkfifo', [home + '/fifo'])
    const fifo = fs.openSync(home + '/fifo', 'r+')
    const fd = fs.openSync(home + '/written', 'w')
    // Takes the only thread of Node's pool: what comes behind it waits.
    const read = new Promise((resolve) => fs.read(fifo, Buffer.alloc(1), 0, 1, null, resolve))
    const written = new Promise((resolve) => fs.write(fd, Buffer.from('text'), 0, 4, 0, resolve))
    await promises.rm(home + '/none', { force: true, recursive: true })
    const loaded = isLoaded()
    const closed = new Promise((resolve) => fs.close(fd, resolve))
    await promises.stat(home)
    fs.writeSync(fifo, 'x')
    const errors = await Promise.all([read, written, closed])
    return { loaded, errors, content: fs.readFileSync(home + '/written', 'utf8') }`,
    { UV_THREADPOOL_SIZE: '1' },
  )
  t.strictSame(told, { loaded: true, errors: [null, null, null], content: 'text' })
})

void t.test('caio/fs: with a call that changes something, or is not alone, and not before', async (t) => {
  const program = (what: string): string => `
    const own = require('node:module').createRequire(${JSON.stringify(join(packageRoot, 'package.json'))})
    const caio = own('caio/fs')
    const before = isLoaded()
    ${what}
    return [before, isLoaded()]`
  const imported = `await import(own.resolve('caio/fs').replace('.cjs', '.js'))`
  t.same(await run(program(imported), {}, false), [false, false])
  const calls: Readonly<Record<string, boolean>> = {
    'await caio.stat(home); await caio.stat(home)': false,
    'await Promise.all([caio.stat(home), caio.stat(home)])': true,
    "await caio.writeFile(home + '/first', '')": true,
    "await caio.access(home); await caio.readFile(home + '/program.cjs'); await caio.readdir(home)": false,
    'await caio.open(home).then((handle) => handle.close())': true,
    'for (let calls = 0; calls < 100; calls++) await caio.stat(home)': false,
    'for (let calls = 0; calls < 101; calls++) await caio.stat(home)': true,
  }
  for (const [call, loads] of Object.entries(calls)) {
    for (const preload of [false, true]) t.same(await run(program(call), {}, preload), [false, loads], call)
  }
  // The only thread of Node's pool is taken meanwhile.
  const waiting = (count: number): string => `
    require('node:child_process').execFileSync('mkfifo', [home + '/fifo${count}'])
    const fifo = fs.openSync(home + '/fifo${count}', 'r+')
    const calls = [new Promise((resolve) => fs.read(fifo, Buffer.alloc(1), 0, 1, null, resolve))]
    for (let at = 0; at < ${count}; at++) {
      calls.push(caio.stat(home))
      await new Promise(setImmediate)
    }
    fs.writeSync(fifo, 'x')
    await Promise.all(calls)`
  for (const [count, loads] of [
    [2, false],
    [3, true],
  ] as const) {
    t.same(await run(program(waiting(count)), { UV_THREADPOOL_SIZE: '1' }, false), [false, loads], `${count} turns`)
  }
  t.same(await run(program('await caio.stat(home)'), { CAIO_IMPL: 'thread' }, false), [false, true])
  const both = `own('caio'); await caio.stat(home)`
  t.same(await run(program(both), {}, false), [false, true], 'whoever has the engine already uses it')
  const areThoseInPlace = 'if (caio.stat !== promises.stat) throw new Error("others")'
  t.same(await run(program(areThoseInPlace)), [false, false])
  t.same(await run(program(`own('caio').patch(); ${areThoseInPlace}`)), [false, true])
})
