/**
 * A change requested directly after `fs.watchFile` is reported, as in Node, whose pool does the
 * watcher's first stat before it.
 */
// @thorough linux thread pure uring
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import { subject } from '../../support/subject.js'

const ROUNDS = 50
/** One thread, so that later work in Node's pool cannot overtake the stat, however busy the machine. */
const env = { UV_THREADPOOL_SIZE: '1' }
/** Milliseconds after which a change counts as lost; others are reported within a few. */
const LOST = 4000

const changes: Readonly<Record<string, string>> = {
  'a file written by path': "fs.promises.writeFile(path, 'changed')",
  'a file written by path, with a callback': "new Promise((done) => fs.writeFile(path, 'changed', done))",
  'a file written by a handle': "handle.write('changed', 0)",
  'a file written by a handle, from where it stands': "handle.write(Buffer.from('changed'))",
  'a file that is removed': 'fs.promises.unlink(path)',
}

for (const [name, change] of Object.entries(changes)) {
  await t.test(name, async (t) => {
    const app = makeApp(t, {
      'app.mjs': `
        import fs from 'node:fs'
        let lost = 0
        for (let round = 0; round < ${ROUNDS}; round++) {
          const path = 'watched' + round
          fs.writeFileSync(path, '')
          const handle = await fs.promises.open(path, 'r+')
          const reported = new Promise((resolve) => {
            const timer = setTimeout(() => resolve(lost++), ${LOST})
            fs.watchFile(path, { interval: 5 }, () => resolve(clearTimeout(timer)))
          })
          await ${change}
          await reported
          fs.unwatchFile(path)
          await handle.close()
        }
        console.log(lost)`,
    })
    const args = ['--import', 'caio/register/callbacks', join(app, 'app.mjs')]
    const { code, stdout, stderr } = await run(args, { cwd: app, env })
    t.equal(code, 0, stderr)
    t.equal(stdout, '0\n', 'no change is lost')
  })
}

await t.test('not for as long as Node’s pool is busy with something else', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from 'node:fs'
      import { pbkdf2 } from 'node:crypto'
      const told = []
      fs.writeFileSync('file', '')
      await fs.promises.writeFile('file', 'the first')
      const busy = new Promise((done) => pbkdf2('', '', 5_000_000, 64, 'sha512', () => done(told.push('pool'))))
      fs.watchFile('file', () => {})
      await fs.promises.writeFile('file', 'another')
      told.push('file')
      await busy
      fs.unwatchFile('file')
      console.log(told.join())`,
  })
  const { code, stdout, stderr } = await run(['--import', 'caio/register/callbacks', join(app, 'app.mjs')], {
    cwd: app,
    env: { ...env, CAIO_LOAD_AFTER: '0' },
  })
  t.equal(code, 0, stderr)
  // On pure, that pool also does the write.
  t.equal(stdout, subject === 'pure' ? 'pool,file\n' : 'file,pool\n')
})

await t.test('a program that ends right behind it', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from 'node:fs'
      fs.writeFileSync('watched', '')
      const handle = await fs.promises.open('watched', 'r+')
      fs.watchFile('watched', () => {})
      void handle.write(Buffer.from('changed'), 0, 7, 0)
      process.exit(0)`,
  })
  const { code, stderr } = await run(['--import', 'caio/register', join(app, 'app.mjs')], { cwd: app })
  t.equal(code, 0, stderr)
  t.equal(readFileSync(join(app, 'watched'), 'utf8'), 'changed', 'is done')
})
