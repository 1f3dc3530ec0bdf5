/**
 * Node's permission model: without --allow-addons pure serves, and what is forbidden is refused as
 * in Node.
 */
// @quick linux pure
// @thorough node thread
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, repository, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { preload } from '../preloaded.js'
import { subject } from '../../support/subject.js'

const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'

const program = (module: string): string => `
  import { open, readFile, writeFile } from '${module}'
  const [allowed, forbidden] = process.argv.slice(2)
  const tell = async (name, call) => console.log(name, await call().then(
    (value) => JSON.stringify(value),
    ({ code, permission, resource, message, syscall }) => JSON.stringify({ code, permission, resource, message, syscall })))
  await tell('write', () => writeFile(allowed, 'abcdefgh'))
  const handle = await open(allowed, 'r+')
  await tell('positioned write', () => handle.write(Buffer.from('XY'), 0, 2, 3))
  await tell('positioned read', () => handle.read(Buffer.alloc(8), 0, 8, 0))
  await tell('vectored', () => handle.readv([Buffer.alloc(3), Buffer.alloc(3)], 1))
  await tell('sync', () => handle.sync())
  await handle.close()
  await tell('closed', () => handle.read(Buffer.alloc(8), 0, 8, 0))
  await tell('forbidden to read', () => open(forbidden))
  await tell('forbidden to write', () => open(forbidden, 'w'))
  await tell('forbidden readFile', () => readFile(forbidden, 'utf8'))
  await tell('forbidden writeFile', () => writeFile(forbidden, 'x'))
  console.log(process.permission.has('fs.read', forbidden), process.permission.has('addon'))`

// Node 20.19 searches parent directories, which it may not read, for a missing package.json.
const app = makeApp(t, {
  'package.json': '{}',
  'plain.mjs': program('node:fs/promises'),
  'shim.mjs': program(moduleName),
})
const node = join(repository, 'node_modules', '*')
const flags = [
  flag,
  `--allow-fs-read=${join(app, '*')}`,
  `--allow-fs-read=${join(repository, '*')}`,
  `--allow-fs-read=${node}`,
]
const writable = `--allow-fs-write=${join(app, '*')}`
const files = [join(app, 'file'), '/etc/hostname']

/** No backend chosen: then unavailable ones are skipped silently. */
const silent = { env: { CAIO_IMPL: undefined }, cwd: app }
/** Node's own warning contains the process ID. */
const told = ({ stderr, ...rest }: Awaited<ReturnType<typeof run>>): unknown => ({
  ...rest,
  stderr: stderr.replace(/node:\d+/g, 'node:pid'),
})

await t.test(`${flag} on ${subject}`, async (t) => {
  const plain = told(await run([...flags, writable, 'plain.mjs', ...files], silent))
  same(t, told(await run([...flags, writable, 'shim.mjs', ...files], silent)), plain, 'imported: told as by Node')
  for (const by of ['--import', '--require'] as const) {
    same(
      t,
      told(await run([...flags, writable, ...preload(by), 'plain.mjs', ...files], silent)),
      plain,
      `${by}: told as by Node`,
    )
  }
  t.match(
    (plain as { stdout: string }).stdout,
    /forbidden to read {"code":"ERR_ACCESS_DENIED","permission":"FileSystemRead"/,
    'refused',
  )
  t.match((plain as { stdout: string }).stdout, /positioned read {"bytesRead":8/, 'allowed')
})

await t.test('asked for by name', async (t) => {
  if (subject === 'node') return void t.pass('plain Node has no backends')
  const { code, stdout, stderr } = await run([...flags, writable, 'shim.mjs', ...files], { cwd: app })
  t.equal(code, 0, 'is no error')
  t.match(stdout, /positioned read {"bytesRead":8/, 'and served')
  const warning = /CAIO_BACKEND_UNAVAILABLE/
  if (subject === 'pure') t.notMatch(stderr, warning, 'without a word')
  else t.match(stderr, warning, 'with one warning')
  t.equal(stderr.match(/CaioWarning/g)?.length ?? 0, subject === 'pure' ? 0 : 1, 'at most one')
})

await t.test('with addons allowed', async (t) => {
  const all = [...flags, '--allow-fs-write=/tmp/*', writable, '--allow-addons']
  const { code, stdout } = await run([...all, 'shim.mjs', ...files], { cwd: app })
  t.equal(code, 0)
  t.match(
    stdout,
    /positioned read {"bytesRead":8[^]*forbidden to write {"code":"ERR_ACCESS_DENIED"/,
    'allowed is served, forbidden refused',
  )
})
