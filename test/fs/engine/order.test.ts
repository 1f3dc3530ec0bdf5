/**
 * Calls of one tick, not awaited, are done in order if they are on the same name, or on one
 * descriptor's position. Node's own queue mostly keeps that order, and programs rely on it.
 */
// @thorough linux thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import { subject } from '../../support/subject.js'

t.setTimeout(5 * 60_000)

const ROUNDS = 50

/** Rounds by name. Each throws, or returns something other than true, if the order is wrong. */
const kinds: Readonly<Record<string, string>> = {
  'writeFile, readFile': `const [, text] = await all(['writeFile', path, 'new'], ['readFile', path, 'utf8']); return text === 'new'`,
  'writeFile of a new file, rename': `
    await all(['writeFile', path, 'new', { flag: 'wx' }], ['rename', path, path + '-2'])
    return fs.readFileSync(path + '-2', 'utf8') === 'new'`,
  'mkdir with a mode as text, mkdir in it': `await all(['mkdir', path, '0755'], ['mkdir', path + '/made']); return true`,
  'writeFile twice': `await all(['writeFile', path, 'the first'], ['writeFile', path, 'last']); return now() === 'last'`,
  'appendFile three times': `await all(...['a', 'b', 'c'].map((line) => ['appendFile', path, line])); return now() === 'abc'`,
  'writeFile, appendFile': `await all(['writeFile', path, 'a'], ['appendFile', path, 'b']); return now() === 'ab'`,
  'writeFile, stat': `const [, { size }] = await all(['writeFile', path, 'new'], ['stat', path]); return size === 3`,
  'mkdir, writeFile in it': `await all(['mkdir', path], ['writeFile', path + '/file', 'new']); return true`,
  'mkdir, mkdir in it, readdir': `
    const [, , names] = await all(['mkdir', path], ['mkdir', path + '/made'], ['readdir', path]); return names.length < 2`,
  'mkdir, rmdir, mkdir': `await all(['mkdir', path], ['rmdir', path], ['mkdir', path]); return true`,
  'rename, stat': `fs.writeFileSync(path, ''); await all(['rename', path, path + '2'], ['stat', path + '2']); return true`,
  'unlink, writeFile': `fs.writeFileSync(path, 'old'); await all(['unlink', path], ['writeFile', path, 'new']); return now() === 'new'`,
  'symlink, readlink': `const [, to] = await all(['symlink', 'there', path], ['readlink', path]); return to === 'there'`,
  'copyFile, readFile of the copy': `
    fs.writeFileSync(path, 'old')
    const [, text] = await all(['copyFile', path, path + '2'], ['readFile', path + '2', 'utf8']); return text === 'old'`,
  'truncate, writeFile': `
    fs.writeFileSync(path, 'long before'); await all(['truncate', path, 0], ['writeFile', path, 'new']); return now() === 'new'`,
  'chmod, stat': `
    fs.writeFileSync(path, ''); const [, { mode }] = await all(['chmod', path, 0o600], ['stat', path]); return (mode & 0o777) === 0o600`,
  'appendFile, access': `await all(['appendFile', path, 'new'], ['access', path]); return true`,
  'utimes, stat': `
    fs.writeFileSync(path, ''); const [, { mtimeMs }] = await all(['utimes', path, 5, 5], ['stat', path]); return mtimeMs === 5000`,
  'what follows from three changes of one file': `
    fs.writeFileSync(path, '')
    const told = []
    await Promise.all([1, 2, 3].map((at) => all(['utimes', path, at, at]).then(() => told.push(at))))
    return told.join('') === '123'`,
  'appendFile twice, rename of the directory': `
    fs.mkdirSync(path)
    await all(['appendFile', path + '/file', 'o'], ['appendFile', path + '/file', 'k'], ['rename', path, path + '-2'])
    return fs.readFileSync(path + '-2/file', 'utf8') === 'ok'`,
  'unlink, rmdir': `
    fs.mkdirSync(path); fs.writeFileSync(path + '/file', '')
    await all(['chmod', path + '/file', 0o600], ['unlink', path + '/file'], ['rmdir', path]); return !fs.existsSync(path)`,
  'rename of a directory, stat in it': `
    fs.mkdirSync(path); fs.writeFileSync(path + '/file', '')
    await all(['rename', path, path + '-2'], ['stat', path + '-2/file']); return true`,
}

/** The same for open files. */
const ofOpen: Readonly<Record<string, string>> = {
  'text and bytes, by a handle': `
    const handle = await fs.promises.open(path, 'w')
    await Promise.all([handle.write('one'), handle.write(Buffer.from('two')), handle.write('three'), handle.close()])
    return now() === 'onetwothree'`,
  'text in three encodings, by a handle': `
    const handle = await fs.promises.open(path, 'w')
    const texts = [['0', 'utf8'], ['31', 'hex'], ['2', 'latin1'], ['33', 'hex']]
    await Promise.all(texts.map(([text, encoding]) => handle.write(text, null, encoding)))
    await handle.close()
    return now() === '0123'`,
  'into memory that is given and that is not, by a handle': `
    fs.writeFileSync(path, 'abcd')
    const handle = await fs.promises.open(path)
    const read = [handle.read({ buffer: Buffer.alloc(1) }), handle.read(Buffer.alloc(1), 0, 1, -1n), handle.read(Buffer.alloc(1), 0, 1)]
    const text = (await Promise.all(read)).map(({ buffer }) => String(buffer)).join('')
    await handle.close()
    return text === 'abc'`,
  'writes at positions, then a truncation, by a handle': `
    const handle = await fs.promises.open(path, 'w')
    const bytes = Buffer.alloc(2 ** 16)
    const written = Array.from({ length: 16 }, (_, at) => handle.write(bytes, 0, bytes.length, at * bytes.length))
    await Promise.all([...written, handle.truncate(5)])
    await handle.close()
    return fs.statSync(path).size === 5`,
  'a truncation, then a write, by a handle': `
    fs.writeFileSync(path, 'long before')
    const handle = await fs.promises.open(path, 'r+')
    await Promise.all([handle.truncate(1), handle.write('ew', 1)])
    await handle.close()
    return now() === 'lew'`,
  'writes without a position, by descriptor': `
    const fd = await new Promise((resolve) => fs.open(path, 'w', (_, fd) => resolve(fd)))
    const texts = Array.from({ length: 2 + (round % 7) }, (_, at) => String(at).repeat(100))
    await Promise.all(texts.map((text) => new Promise((resolve) => fs.write(fd, Buffer.from(text), resolve))))
    fs.closeSync(fd)
    return now() === texts.join('')`,
  'what a tick does, then what follows from an open': `
    let ticked = false
    process.nextTick(() => (ticked = true))
    const handle = await fs.promises.open(path, 'w')
    const was = ticked
    await handle.close()
    return was`,
  'write, close, unlink, by descriptor': `
    const fd = fs.openSync(path, 'w')
    const failed = []
    const done = (resolve) => (error) => resolve(error && failed.push(error))
    await Promise.all([
      new Promise((resolve) => fs.write(fd, Buffer.from('bytes'), done(resolve))),
      new Promise((resolve) => fs.close(fd, done(resolve))),
      new Promise((resolve) => fs.unlink(path, done(resolve))),
    ])
    return failed.length === 0 && !fs.existsSync(path)`,
}

const program = (form: string, body: string): string => `
  import fs from 'node:fs'
  const forms = {
    promises: (name, ...args) => fs.promises[name](...args),
    callbacks: (name, ...args) =>
      new Promise((resolve, reject) => fs[name](...args, (error, value) => (error ? reject(error) : resolve(value)))),
  }
  const all = async (...calls) => Promise.all(calls.map((call) => forms.${form}(...call)))
  let other = 0
  for (let round = 0; round < ${ROUNDS}; round++) {
    const path = (round % 2 ? './' : process.cwd() + '/') + 'file' + round
    const now = () => fs.readFileSync(path, 'utf8')
    const act = async () => { ${body} }
    if ((await act().catch((error) => error)) !== true) other++
  }
  console.log(other)`

async function tell(t: Test, form: string, body: string): Promise<void> {
  const app = makeApp(t, { 'app.mjs': program(form, body) })
  const { code, stdout, stderr } = await run(['--import', 'caio/register/callbacks', join(app, 'app.mjs')], {
    cwd: app,
  })
  t.equal(code, 0, stderr)
  t.equal(stdout, '0\n', 'no round had another order')
}

// On `pure` they are Node's own, whose queue mostly keeps that order.
if (subject !== 'pure') {
  for (const form of ['promises', 'callbacks']) {
    for (const [name, body] of Object.entries(kinds)) await t.test(`${name}, ${form}`, (t) => tell(t, form, body))
  }
  for (const [name, body] of Object.entries(ofOpen)) await t.test(name, (t) => tell(t, 'callbacks', body))
}

await t.test('the first of a process', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from 'caio/fs'
      import { execFileSync } from 'node:child_process'
      import { readFileSync } from 'node:fs'
      if (process.argv[2] === 'fifo') execFileSync('mkfifo', ['file'])
      const acts = {
        rename: () => Promise.all([fs.writeFile('file', 'new'), fs.rename('file', 'renamed')]).then(() => readFileSync('renamed', 'utf8')),
        open: () => Promise.all([fs.writeFile('file', 'new'), fs.open('file')]).then(([, handle]) => handle.readFile('utf8').finally(() => handle.close())),
        truncate: () => Promise.all([fs.writeFile('file', 'newer'), fs.truncate('file', 3)]).then(() => readFileSync('file', 'utf8')),
        fifo: () => Promise.all([fs.writeFile('file', 'new'), fs.readFile('file', 'utf8')]).then(([, text]) => text),
      }
      console.log(await acts[process.argv[2]]())`,
  })
  // On `pure` each is several calls of Node, and others may come in between.
  for (const act of subject === 'pure' ? ['fifo'] : ['rename', 'open', 'truncate', 'fifo']) {
    for (const name of ['file', 'renamed']) nodeFs.rmSync(join(app, name), { force: true })
    const { code, stdout, stderr } = await run([join(app, 'app.mjs'), act], { cwd: app, env: { CAIO_IMPL: subject } })
    t.equal(code, 0, stderr)
    t.equal(stdout, 'new\n', act)
  }
})

await t.test('a FIFO, whose two ends wait for one another', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from 'node:fs'
      import { execFileSync } from 'node:child_process'
      execFileSync('mkfifo', ['fifo'])
      const [writer, reader] = await Promise.all([fs.promises.open('fifo', 'w'), fs.promises.open('fifo', 'r')])
      await writer.write('through')
      console.log(String((await reader.read(Buffer.alloc(7), 0, 7, null)).buffer))
      await Promise.all([writer.close(), reader.close()])
      const [, text] = await Promise.all([fs.promises.writeFile('fifo', 'again'), fs.promises.readFile('fifo', 'utf8')])
      console.log(text)`,
  })
  const { code, stdout, stderr } = await run(['--import', 'caio/register', join(app, 'app.mjs')], { cwd: app })
  t.equal(code, 0, stderr)
  t.equal(stdout, 'through\nagain\n')
})
