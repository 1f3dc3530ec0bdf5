/**
 * A process that uses it stays alive for operations in flight, ends when there are none, and prints
 * nothing.
 */
// @thorough node linux thread pure
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'

const done = (stdout: string, code = 0): object => ({ code, signal: null, stdout, stderr: '' })

const opening = `
  import { writeFileSync } from 'node:fs'
  import { open } from '${moduleName}'
  const path = process.argv[2]
  writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')
  const handle = await open(path, 'r+')
  const block = Buffer.alloc(4)`

await t.test('alone in flight, an operation keeps the process alive', async (t) => {
  const calls = {
    read: 'handle.read(block, 0, 4, 0)',
    'a large read': 'handle.read(Buffer.alloc(8_000_000), 0, 8_000_000, 0)',
    write: 'handle.write(block, 0, 4, 0)',
    readv: 'handle.readv([block], 0)',
    writev: 'handle.writev([block], 0)',
    sync: 'handle.sync()',
    datasync: 'handle.datasync()',
    'a failing read': 'handle.read(block, 0, 4, 0).then(() => handle.write(block, 0, 40, 0)).catch(() => 0)',
    readFile: `import('${moduleName}').then(({ readFile }) => readFile(path))`,
    writeFile: `import('${moduleName}').then(({ writeFile }) => writeFile(path, block))`,
    'appendFile, flushed': `import('${moduleName}').then(({ appendFile }) => appendFile(path, block, { flush: true }))`,
    'a chain': 'handle.write(block, 0, 4, 0).then(() => handle.sync()).then(() => handle.readv([block], 2))',
  }
  for (const [name, call] of Object.entries(calls)) {
    const app = makeApp(t, {
      'app.mjs': `${opening}\n${call}.then(() => handle.close()).then(() => console.log('settled'))`,
    })
    same(t, await run([join(app, 'app.mjs'), join(app, 'file')]), done('settled\n'), name)
    const awaiting = makeApp(t, {
      'app.mjs': `${opening}\nawait ${call}\nawait handle.close()\nconsole.log('settled')`,
    })
    same(
      t,
      await run([join(awaiting, 'app.mjs'), join(awaiting, 'file')]),
      done('settled\n'),
      `${name}, awaited at the top level`,
    )
  }
})

await t.test('an idle one does not', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}\nawait handle.read(block, 0, 4, 0)\nawait handle.close()\nprocess.on('exit', (code) => console.log('exit', code))`,
  })
  same(t, await run([join(app, 'app.mjs'), join(app, 'file')]), done('exit 0\n'), 'it ends by itself')
  const imported = makeApp(t, { 'app.mjs': `import '${moduleName}'\nconsole.log('imported')` })
  same(t, await run([join(imported, 'app.mjs')]), done('imported\n'), 'nor one that has only been imported')
})

await t.test('process.exit with operations in flight', async (t) => {
  const calls = `
    for (let at = 0; at < 600; at++) void handle.write(Buffer.alloc(10_000), 0, 10_000, at * 10_000)
    for (let at = 0; at < 600; at++) void handle.read(Buffer.alloc(10_000), 0, 10_000, at * 10_000)
    void handle.sync()`
  for (const [name, exit] of Object.entries({
    'in the same tick': 'process.exit(7)',
    'on the next turn': 'setImmediate(() => process.exit(7))',
  })) {
    const app = makeApp(t, { 'app.mjs': `${opening}\n${calls}\n${exit}` })
    same(t, await run([join(app, 'app.mjs'), join(app, 'file')]), done('', 7), name)
  }
})

await t.test('failures that nobody handles end the process as Node’s do', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}\nconst other = await open(path)\nasync function save() { await other.write(block, 0, 4, 0) }\nawait save()`,
    'mode.mjs': `${opening}\nconst other = await open(path)\nvoid other.write(block, 0, 4, 0)\nawait other.stat()\nconsole.log('after')`,
  })
  const { code, stdout, stderr } = await run([join(app, 'app.mjs'), join(app, 'file')])
  same(t, [code, stdout], [1, ''], 'exit code')
  t.match(stderr, /Error: EBADF: bad file descriptor, write\n(.*\n)*.* at async save .*app\.mjs/, 'the stack')
  t.match(stderr, /errno: -9,\n\s*code: 'EBADF',\n\s*syscall: 'write'\n}/, 'and the properties')
  const warned = await run(['--unhandled-rejections=warn', join(app, 'mode.mjs'), join(app, 'file')])
  same(t, [warned.code, warned.stdout], [0, 'after\n'], 'unless told to warn')
  t.match(warned.stderr, /UnhandledPromiseRejectionWarning: Error: EBADF: bad file descriptor, write/)
})

await t.test('Node’s flags make no difference', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}\nconst { bytesRead } = await handle.read(block, 0, 4, 0)\nawait handle.datasync()\nawait handle.close()\nconsole.log(bytesRead)`,
  })
  const flags = [
    '--pending-deprecation',
    '--throw-deprecation',
    '--trace-warnings',
    '--unhandled-rejections=strict',
    '--no-addons',
    '--disallow-code-generation-from-strings',
    '--preserve-symlinks',
    '--enable-source-maps',
    '--disable-proto=throw',
    '--zero-fill-buffers',
    '--no-opt',
    '--force-node-api-uncaught-exceptions-policy=true',
  ]
  for (const flag of flags) {
    // With addons forbidden, only pure can serve: asking for another backend causes a warning,
    // asking for none does not.
    const env = flag === '--no-addons' ? { CAIO_IMPL: undefined } : {}
    same(t, await run([flag, join(app, 'app.mjs'), join(app, 'file')], { env }), done('4\n'), flag)
  }
})
