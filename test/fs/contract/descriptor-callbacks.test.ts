/**
 * `open`, `fstat`, `close` and transfers without a position, with a callback: whole lives of
 * descriptors, as in Node.
 */
// @quick linux
// @thorough node thread pure
import { createHook } from 'node:async_hooks'
import nodeFs from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { called, fs, oracle, outcomeOfCall, tellsTheSame } from '../callbacks.js'
import type { CallbackFs } from '../callbacks.js'
import { makeApp, run } from '../../support/user-program.js'
import { outcomeOf, same } from '../../support/differential.js'
import { look } from '../../support/look.js'
import { statOptions } from '../paths/values.js'
import { subject } from '../../support/subject.js'

await t.test('fstat', async (t) => {
  for (const path of ['/', '/dev/null', '/proc/version', process.execPath]) {
    const fd = nodeFs.openSync(path, 'r')
    for (const { name, make } of statOptions) {
      const outcome = async (side: CallbackFs): Promise<unknown> => {
        const given = { root: path, log: [] }
        const { settled, ...rest } = await outcomeOf(() => called(side.fstat, fd, make(given)))
        return [settled, settled === 'fulfilled' ? look((rest as { value: unknown }).value) : rest, given.log]
      }
      same(t, await outcome(fs), await outcome(oracle), `${path}, ${name}`)
    }
    const results = async (side: CallbackFs): Promise<unknown> => look((await called(side.fstat, fd)).args)
    same(t, await results(fs), await results(oracle), path)
    nodeFs.closeSync(fd)
  }
})

await t.test('a life', async (t) => {
  await tellsTheSame(t, 'read to its end', async ({ fs, path }) => {
    const fd = await promisify(fs.open as typeof nodeFs.open)(path, 'r')
    const story: unknown[] = []
    for (let at = 0; at < 5; at++) {
      story.push(await outcomeOfCall(fs.read, fd, Buffer.alloc(4), 0, 4, null))
      story.push(await outcomeOfCall(fs.read, fd, Buffer.alloc(3), 0, 3, 1))
      story.push(await outcomeOfCall(fs.readv, fd, [Buffer.alloc(1), Buffer.alloc(2)]))
    }
    return [story, await outcomeOfCall(fs.close, fd), await outcomeOfCall(fs.close, fd)]
  })
  await tellsTheSame(t, 'written, seen from beside', async ({ fs, path }) => {
    const fd = await promisify(fs.open as typeof nodeFs.open)(path, 'w+')
    const story: unknown[] = []
    for (let at = 0; at < 3; at++) {
      story.push(await outcomeOfCall(fs.write, fd, Buffer.from('buffer')))
      story.push(nodeFs.writeSync(fd, 'synchronous'))
      story.push(await outcomeOfCall(fs.write, fd, 'text'))
      story.push(await outcomeOfCall(fs.writev, fd, [Buffer.from('of '), Buffer.from('two')]))
      story.push(await outcomeOfCall(fs.write, fd, Buffer.from('!'), 0, 1, 2))
    }
    return [story, await outcomeOfCall(fs.close, fd), nodeFs.readFileSync(path, 'latin1')]
  })
})

await t.test('hooks', async (t) => {
  const requests = async (side: CallbackFs): Promise<unknown> => {
    const seen: string[] = []
    const fd = nodeFs.openSync(process.execPath, 'r')
    const other = nodeFs.openSync(process.execPath, 'r')
    const calls = [
      () => called(side.fstat, fd),
      () => called(side.read, fd, Buffer.alloc(4), 0, 4, null),
      () => called(side.close, fd),
      () => called(side.fstat, fd),
      () => called(side.close, fd),
      () => called(side.open, `${process.execPath}-missing`),
      () => (side.close(other), new Promise((resolve) => setTimeout(resolve, 20))),
    ]
    const counts = []
    const hook = createHook({ init: (_, type) => type === 'FSREQCALLBACK' && seen.push(type) })
    for (const call of calls) {
      hook.enable()
      await call()
      hook.disable()
      counts.push(seen.splice(0).length)
    }
    return counts
  }
  same(t, await requests(fs), await requests(oracle), 'see as many requests')
})

const preload = subject === 'node' ? [] : ['--import', 'caio/register/callbacks']

/** Descriptor numbers vary. */
const withoutNumbers = (text: string): string => text.replace(/\d+/g, 'N')

await t.test('programs', async (t) => {
  const app = makeApp(t, {
    'unheard.cjs': `require('fs').close(99_999)`,
    'heard.cjs': `
      process.on('uncaughtException', (error) => console.log(error.message, error.stack))
      require('fs').close(99_999)`,
    'thrown.cjs': `
      const fs = require('fs')
      process.on('uncaughtException', (error, origin) => console.log(error.message, origin, error.stack.includes('thrower')))
      const thrower = (name) => function thrower() { throw new Error(name) }
      fs.fstat(99_999, thrower('fstat'))
      fs.fstat(fs.openSync(__filename), thrower('fstat of a file'))
      fs.close(fs.openSync(__filename), thrower('close'))`,
    // Requested calls are still done.
    'exits.cjs': `
      const fs = require('fs')
      fs.open(__filename + '.opened', 'w', () => {})
      const fd = fs.openSync(__filename + '.written', 'w')
      for (let at = 0; at < 20; at++) fs.write(fd, Buffer.from(at + ';'), () => {})
      fs.writev(fd, [Buffer.from('the '), Buffer.from('end;')], () => {})
      process.on('exit', () => setImmediate(() => {}))
      process.exit(3)`,
    'worker.cjs': `
      const fs = require('fs')
      const { Worker, isMainThread, parentPort, workerData } = require('worker_threads')
      const isOpen = (fd) => { try { return fs.fstatSync(fd).isFile() } catch (error) { return error.code } }
      if (isMainThread) {
        process.on('warning', (warning) => console.log(warning.message))
        const workerData = fs.openSync(__filename)
        const worker = new Worker(__filename, { workerData })
        const left = []
        worker.on('message', (fd) => left.push(fd))
        worker.on('exit', () => setTimeout(() => console.log(left.map(isOpen), isOpen(workerData)), 50))
      } else {
        fs.open(__filename, (error, fd) => {
          parentPort.postMessage(fd)
          fs.open(__filename, (error, closed) => fs.close(closed, () => {
            fs.close(workerData, () => parentPort.postMessage(closed))
          }))
        })
      }`,
  })
  for (const name of ['unheard', 'heard', 'thrown', 'exits', 'worker']) {
    const outcome = async (args: string[]): Promise<unknown> => {
      const { stdout, stderr, ...ended } = await run([...args, `${name}.cjs`], { cwd: app })
      const files = nodeFs.readdirSync(app).filter((each) => each.startsWith(`${name}.cjs.`))
      // Node's threads write side by side.
      const contents = files.map((file) => [file, nodeFs.readFileSync(`${app}/${file}`, 'latin1').split(';').sort()])
      for (const file of files) nodeFs.rmSync(`${app}/${file}`)
      return { ...ended, stdout: withoutNumbers(stdout).split('\n').sort(), stderr: withoutNumbers(stderr), contents }
    }
    same(t, await outcome(preload), await outcome([]), name)
  }
})
