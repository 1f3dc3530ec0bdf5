/** A call that the engine leaves to Node is done before later calls on the same name. */
// @quick linux
// @thorough thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { makeApp, run } from '../../support/user-program.js'
import { fs, subject } from '../../support/subject.js'

const ROUNDS = 30

/** `pure` is Node's own, which keeps no order. */
const skip = subject === 'pure' && 'Node’s own'

/** Counts the outcomes over many rounds. */
async function counted(t: Test, round: (path: string) => Promise<string>): Promise<Record<string, number>> {
  const directory = temporaryDirectory(t)
  const seen: Record<string, number> = {}
  for (let at = 0; at < ROUNDS; at++) {
    const outcome = await round(join(directory, String(at)))
    seen[outcome] = (seen[outcome] ?? 0) + 1
  }
  return seen
}

async function outcomesOf(calls: readonly Promise<unknown>[]): Promise<string> {
  const settled = await Promise.allSettled(calls)
  return settled.map((one) => (one.status === 'rejected' ? (one.reason as NodeJS.ErrnoException).code : 'ok')).join()
}

await t.test('rm of nothing', { skip }, async (t) => {
  const seen = await counted(t, async (path) => {
    const outcomes = await outcomesOf([fs.rm(path, { recursive: true }), fs.writeFile(path, 'new')])
    return `${outcomes} ${nodeFs.existsSync(path)}`
  })
  t.same(seen, { 'ENOENT,ok true': ROUNDS })
  await t.rejects(fs.rm('/none at all'), { code: 'ENOENT', syscall: 'lstat', path: '/none at all' })
})

for (const name of ['writeFile', 'appendFile'] as const) {
  await t.test(`${name} of a directory`, { skip }, async (t) => {
    const seen = await counted(t, async (path) => {
      nodeFs.mkdirSync(path)
      const outcomes = await outcomesOf([fs[name](path, 'old'), fs.rmdir(path), fs.writeFile(path, 'new')])
      return `${outcomes} ${nodeFs.readFileSync(path, 'utf8')}`
    })
    t.same(seen, { 'EISDIR,ok,ok new': ROUNDS })
  })
}

await t.test('fs.writeFile of a directory', { skip }, async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import fs from 'node:fs'
      const call = (name, ...args) => new Promise((resolve) => fs[name](...args, (error) => resolve(error?.code ?? 'ok')))
      const seen = {}
      for (let at = 0; at < ${ROUNDS}; at++) {
        const path = 'file' + at
        fs.mkdirSync(path)
        const all = [call('writeFile', path, 'old'), call('rmdir', path), call('writeFile', path, 'new')]
        const outcome = (await Promise.all(all)).join() + ' ' + fs.readFileSync(path, 'utf8')
        seen[outcome] = (seen[outcome] ?? 0) + 1
      }
      console.log(JSON.stringify(seen))`,
  })
  const { stdout } = await run(['--import', 'caio/register/callbacks', join(app, 'app.mjs')], { cwd: app })
  t.same(JSON.parse(stdout), { 'EISDIR,ok,ok new': ROUNDS })
})

await t.test('a FIFO holds nobody up', async (t) => {
  const path = join(temporaryDirectory(t), 'fifo')
  const { execFileSync } = await import('node:child_process')
  execFileSync('mkfifo', [path])
  const [, read] = await Promise.all([fs.writeFile(path, 'through it'), fs.readFile(path, 'utf8')])
  t.equal(read, 'through it')
})
