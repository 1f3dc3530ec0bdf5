/** Real seccomp filters, as in containers: the next backend serves, with one warning. */
// @thorough
import { constants } from 'node:os'
import t from 'tap'
import type { Test } from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { faultLibrary } from './interposed.js'
import type { Service } from './programs/serve.js'

t.setTimeout(300_000)

async function serveUnder(
  t: Test,
  filter: Record<string, 'EPERM' | 'ENOSYS'>,
  asked = '',
  CAIO_IMPL = '',
): Promise<Service> {
  const CAIO_SECCOMP = Object.entries(filter)
    .map(([name, errno]) => `${name}=${constants.errno[errno]}`)
    .join(',')
  const program = new URL('./programs/serve.js', import.meta.url)
  const env = { LD_PRELOAD: faultLibrary(), CAIO_SECCOMP, CAIO_IMPL }
  const { code, signal, stdout, stderr } = await runProgram(program, [temporaryDirectory(t), asked], { env })
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  return JSON.parse(stdout) as Service
}

if (process.platform !== 'linux') {
  t.pass('seccomp is Linux’s', { skip: true })
} else {
  for (const errno of ['EPERM', 'ENOSYS'] as const) {
    for (const name of ['io_setup', 'io_submit', 'io_getevents']) {
      void t.test(`${name} refused with ${errno}: the pool serves`, async (t) => {
        const { backend, reason, failures, faults, warnings } = await serveUnder(t, { [name]: errno })
        t.equal(backend, 'thread')
        t.match(reason, /^thread is the first that works: linux: /)
        t.same([...failures, ...faults], [])
        t.equal(warnings.length, 1, 'one warning')
        t.match(warnings[0], {
          code: 'CAIO_BACKEND_UNAVAILABLE',
          message: /^the linux backend does not work here: .*; thread serves instead$/,
        })
      })
      void t.test(`${name} refused with ${errno}, and asked for`, async (t) => {
        const { error, warnings } = await serveUnder(t, { [name]: errno }, 'linux')
        t.match(error, { code: 'ERR_CAIO_BACKEND_UNAVAILABLE', message: /linux/ })
        if (name === 'io_setup') {
          t.match(
            error?.message,
            errno === 'EPERM' ? /a seccomp filter or security module forbids/ : /this kernel has no AIO/,
          )
        }
        t.same(warnings, [], 'who asks in code is told by the error')
      })
    }
    for (const name of requiredBackends.includes('uring')
      ? ['io_uring_setup', 'io_uring_enter', 'io_uring_register']
      : []) {
      void t.test(`${name} refused with ${errno}, and uring named: the usual order`, async (t) => {
        const { backend, failures, faults, warnings } = await serveUnder(t, { [name]: errno }, '', 'uring')
        t.equal(backend, 'linux')
        t.same([...failures, ...faults], [])
        t.equal(warnings.length, 1, 'one warning')
        t.match(warnings[0], {
          code: 'CAIO_BACKEND_UNAVAILABLE',
          message: /^CAIO_IMPL names "uring", which does not work here: /,
        })
        t.match(
          warnings[0]?.message,
          errno === 'EPERM' ? /io_uring_disabled.* seccomp filter.* allow / : /run Linux 5\.6 or later/,
        )
      })
      void t.test(`${name} refused with ${errno}, and uring asked for`, async (t) => {
        const { error, warnings } = await serveUnder(t, { [name]: errno }, 'uring')
        t.match(error, { code: 'ERR_CAIO_BACKEND_UNAVAILABLE', message: /uring/ })
        t.same(warnings, [])
      })
    }
    void t.test(`kernel AIO refused with ${errno}: uring is not what comes next`, async (t) => {
      t.equal((await serveUnder(t, { io_setup: errno })).backend, 'thread')
      if (requiredBackends.includes('uring')) {
        t.equal((await serveUnder(t, { io_setup: errno }, '', 'uring')).backend, 'uring', 'nor does it need it')
      }
    })
    // A fallback within the backend causes no warning.
    for (const names of [
      ['preadv2'],
      ['pwritev2'],
      ['preadv2', 'pwritev2'],
      ['openat2'],
      ['io_destroy'],
      ['io_uring_setup'],
    ]) {
      void t.test(`${names.join(' and ')} refused with ${errno}: linux serves all the same`, async (t) => {
        const filter = Object.fromEntries(names.map((name) => [name, errno]))
        const { backend, failures, faults, warnings, stats } = await serveUnder(t, filter)
        t.equal(backend, 'linux')
        t.same([...failures, ...faults, ...warnings], [])
        if (names.includes('preadv2')) {
          t.ok((stats?.routes.missed ?? 0) + (stats?.routes.pool ?? 0) > 0, 'the pool has helped out')
        }
      })
    }
    void t.test(`all of them refused with ${errno}`, async (t) => {
      const every = [
        'io_setup',
        'io_submit',
        'io_getevents',
        'io_destroy',
        'preadv2',
        'pwritev2',
        'openat2',
        'io_uring_setup',
      ]
      const { backend, failures, faults, warnings } = await serveUnder(
        t,
        Object.fromEntries(every.map((name) => [name, errno])),
      )
      t.equal(backend, 'thread')
      t.same([...failures, ...faults], [])
      t.equal(warnings.length, 1)
    })
  }
}
