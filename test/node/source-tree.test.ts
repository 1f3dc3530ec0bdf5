import t from 'tap'
import { PINS, pinFor } from './pins.js'
import { cacheFolder, obtainSourceTree } from './source-tree.js'
import { verifySha256 } from './tarball.js'

t.test('pinFor goes by the major version', async (t) => {
  t.equal(pinFor('20.20.2')?.version, '20.19.2')
  t.equal(pinFor('v24.0.0')?.version, PINS.at(-1)?.version)
  t.equal(pinFor('2.0.0'), undefined)
})

t.test('cacheFolder', async (t) => {
  t.equal(cacheFolder({ CAIO_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' }), '/c')
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }), '/x/caio')
  t.match(cacheFolder({}), /\/\.cache\/caio$/)
})

t.test('obtainSourceTree takes NODE_SOURCE_DIR first and says when its version is another', async (t) => {
  const root = t.testdir({
    src: { 'node_version.h': '#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 1\n' },
    test: { common: { 'index.js': '' } },
  })
  const said: string[] = []
  setEnvironment(t, { NODE_SOURCE_DIR: root })
  t.same(await obtainSourceTree('20.20.2', (line) => said.push(line)), { root, origin: `from ${root}` })
  t.match(said, [/holds Node 22, its tests are run on 20\.20\.2/])
})

t.test('obtainSourceTree refuses a NODE_SOURCE_DIR without tests', async (t) => {
  setEnvironment(t, { NODE_SOURCE_DIR: t.testdir() })
  await t.rejects(
    obtainSourceTree('20.20.2', () => {}),
    /has no test\/common/,
  )
})

t.test('obtainSourceTree takes what is in the cache', async (t) => {
  const cache = t.testdir({ 'node-20.19.2': {} })
  setEnvironment(t, { NODE_SOURCE_DIR: undefined, CAIO_CACHE_DIR: cache })
  t.match(await obtainSourceTree('20.20.2', () => {}), { root: `${cache}/node-20.19.2`, origin: 'from the cache' })
})

t.test('obtainSourceTree names the way out for a Node without a pin', async (t) => {
  setEnvironment(t, { NODE_SOURCE_DIR: undefined })
  await t.rejects(
    obtainSourceTree('2.0.0', () => {}),
    /no source tree is pinned for Node 2\.0\.0 .*NODE_SOURCE_DIR/,
  )
})

t.test('verifySha256 refuses a changed file', async (t) => {
  const file = `${t.testdir({ file: 'abc' })}/file`
  await verifySha256(file, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  await t.rejects(verifySha256(file, '0'.repeat(64)), /has the SHA-256 ba7816bf/)
})

function setEnvironment(t: { teardown(undo: () => void): void }, changes: Record<string, string | undefined>): void {
  const before = { ...process.env }
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  t.teardown(() => {
    process.env = before
  })
}
