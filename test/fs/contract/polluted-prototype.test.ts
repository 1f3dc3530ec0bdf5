/** Options on Object.prototype: used where Node uses them, and ignored where Node ignores them. */
// @quick linux pure
// @thorough node thread
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { subject } from '../../support/subject.js'

const program = `
  import nodeFs from 'node:fs'
  import oracle from 'node:fs/promises'
  import fs from '${moduleName}'
  const directory = process.argv[2]
  const path = directory + '/file'
  const target = directory + '/made'
  process.umask(0o022)
  nodeFs.writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')

  const pollution = {
    encoding: 'hex', mode: 0o777, flag: 'a', flush: 'yes', signal: AbortSignal.abort('polluted'),
    buffer: Buffer.alloc(3), offset: 1, length: 2, position: 5,
  }
  // Newer versions of Node read into options.buffer.
  const contentOf = (path) => nodeFs.readFileSync(path, { encoding: 'latin1', flag: 'r', buffer: undefined })
  const made = () => nodeFs.existsSync(target) && [nodeFs.statSync(target).mode.toString(8), contentOf(target)]
  const calls = {}
  for (const [name, options] of [['nothing', []], ['undefined', [undefined]], ['null', [null]], ['text', ['latin1']], ['{}', [{}]], ['{ encoding }', [{ encoding: 'utf8' }]], ['without a prototype', [Object.create(null)]]]) {
    calls['readFile, ' + name] = (fs) => fs.readFile(path, ...options)
    calls['writeFile, ' + name] = (fs) => fs.writeFile(target, '6869', ...options).then(made)
    calls['appendFile, ' + name] = (fs) => fs.appendFile(target, '6869', ...options).then(made)
  }
  const block = () => Buffer.alloc(8, 46)
  const text = ({ bytesRead, bytesWritten, buffer }) => [bytesRead, bytesWritten, buffer.toString('latin1')]
  for (const [name, options] of [['{}', {}], ['{ position }', { position: 0 }], ['{ offset, length, position }', { offset: 2, length: 3, position: 4 }], ['without a prototype', Object.assign(Object.create(null), { position: 1 })]]) {
    calls['read(buffer, ' + name + ')'] = (fs, handle) => handle.read(block(), options).then(text)
    calls['read(' + name + ')'] = (fs, handle) => handle.read({ buffer: block(), ...options }).then(text)
    calls['write(buffer, ' + name + ')'] = (fs, handle) => handle.write(block(), options).then(text)
  }

  const sides = [[fs, await fs.open(path, 'r+')], [oracle, await oracle.open(path, 'r+')]]
  async function story(side, handle, call) {
    nodeFs.rmSync(target, { force: true })
    nodeFs.writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')
    let outcome
    try {
      outcome = await call(side, handle)
      if (Buffer.isBuffer(outcome)) outcome = ['a buffer', outcome.toString('latin1')]
    } catch (error) {
      outcome = [error.name, error.code]
    }
    return [outcome, contentOf(path)]
  }
  let compared = 0
  let told = new Set()
  for (const [key, value] of Object.entries(pollution)) {
    for (const [name, call] of Object.entries(calls)) {
      const stories = []
      for (const [side, handle] of sides) {
        Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true, enumerable: false })
        try {
          stories.push(await story(side, handle, call))
        } finally {
          delete Object.prototype[key]
        }
      }
      const [ours, nodes] = stories.map((each) => JSON.stringify(each))
      compared++
      told.add(nodes)
      if (ours !== nodes) console.log(key + ': ' + name + ': ' + ours + ', and Node: ' + nodes)
    }
  }
  for (const [, handle] of sides) await handle.close()
  console.log(compared + ' compared' + (told.size > 30 ? '' : ', and only ' + told.size + ' outcomes'))`

await t.test(`as Node has it, on ${subject}`, async (t) => {
  const app = makeApp(t, { 'app.mjs': program })
  const ended = await run([`${app}/app.mjs`, app])
  t.equal(ended.stderr, '')
  t.equal(ended.stdout, '297 compared\n')
  t.equal(ended.code, 0)
})
