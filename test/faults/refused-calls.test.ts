/**
 * Newer system calls, refused by a filter as in containers, or missing as in older kernels, from
 * the start or from some use on: the fallback serves.
 */
// @thorough
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { runProgram, temporaryDirectory, whyNoMount } from '../support/harness.js'
import { faultLibrary } from './interposed.js'
import type { Refused } from './programs/refused.js'

t.setTimeout(600_000)

type Code = 'EPERM' | 'ENOSYS' | 'EINVAL'

/** On the local disk, in memory, and on an overlay, as available. Their files are two minutes old. */
function directories(t: Test): string[] {
  const local = temporaryDirectory(t)
  const found = [local]
  const memory = fs.existsSync('/dev/shm') ? fs.mkdtempSync('/dev/shm/caio-test-') : undefined
  if (memory !== undefined) {
    t.teardown(() => fs.rmSync(memory, { recursive: true }))
    found.push(memory)
  }
  if (!whyNoMount()) {
    const parts = ['lower', 'upper', 'work', 'merged'].map((name) => join(local, name)) as [
      string,
      string,
      string,
      string,
    ]
    for (const part of parts) fs.mkdirSync(part)
    const [lower, upper, work, merged] = parts
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, merged])
    t.teardown(() => execFileSync('umount', [merged]))
    found.push(merged)
  }
  for (const directory of found) {
    fs.chmodSync(directory, 0o755)
    fs.writeFileSync(join(directory, 'old'), 'some content')
  }
  return found
}

async function under(t: Test, filter: Readonly<Record<string, Code>>, late = false): Promise<Refused> {
  const CAIO_SECCOMP = Object.entries(filter)
    .map(([name, code]) => `${name}=${constants.errno[code]}`)
    .join(',')
  const program = new URL('./programs/refused.js', import.meta.url)
  const env = { LD_PRELOAD: faultLibrary(), CAIO_SECCOMP, ...(late && { CAIO_SECCOMP_LATE: '1' }) }
  const { code, signal, stdout, stderr } = await runProgram(program, directories(t), { env, timeout: 60_000 })
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  return JSON.parse(stdout) as Refused
}

const newer = ['openat2', 'statx', 'preadv2', 'faccessat2', 'cachestat', 'mincore', 'copy_file_range'] as const

if (process.platform !== 'linux') {
  t.pass('seccomp is Linux’s', { skip: true })
} else {
  for (const code of ['EPERM', 'ENOSYS', 'EINVAL'] as const) {
    for (const late of [false, true]) {
      const when = late ? 'from some use on' : 'from the start'
      for (const name of newer) {
        void t.test(`${name} refused with ${code} ${when}`, async (t) => {
          const { faults, backend } = await under(t, { [name]: code }, late)
          t.same(faults, [])
          t.equal(backend, 'linux')
        })
      }
      void t.test(`all of them refused with ${code} ${when}`, async (t) => {
        const all = [...newer, 'io_setup', 'io_submit', 'io_uring_setup']
        const { faults, backend } = await under(t, Object.fromEntries(all.map((name) => [name, code])), late)
        t.same(faults, [])
        // io_setup and io_submit fail with EINVAL for a context that does not exist: direct I/O
        // meets it then.
        t.equal(backend, late || code === 'EINVAL' ? 'linux' : 'thread')
      })
    }
  }

  /**
   * Missing calls by kernel version, and whether calls on paths of the local disk run inline
   * nevertheless.
   */
  const kernels: [version: string, missing: Record<string, Code>, paths: boolean][] = [
    ['4.18', { openat2: 'ENOSYS', faccessat2: 'ENOSYS', cachestat: 'ENOSYS', io_uring_setup: 'ENOSYS' }, false],
    ['5.4', { openat2: 'ENOSYS', faccessat2: 'ENOSYS', cachestat: 'ENOSYS' }, false],
    // It has no RESOLVE_CACHED.
    ['5.10', { openat2: 'EINVAL', cachestat: 'ENOSYS' }, false],
    ['5.15 and 6.1', { cachestat: 'ENOSYS' }, true],
    ['6.5', {}, true],
  ]
  for (const [version, missing, paths] of kernels) {
    void t.test(`Linux ${version}`, async (t) => {
      const { faults, inline } = await under(t, missing)
      t.same(faults, [])
      const had = inline[1] as Refused['inline'][number]
      for (const name of ['read', 'read of a descriptor']) t.equal(had[`${name} 0`], true, `${name}: at once`)
      // Not readFile: when the turn's budget is spent, a thread serves it.
      for (const name of ['stat', 'realpath']) {
        t.equal(had[`${name} 0`], paths, `${name}: ${paths ? 'at once' : 'by threads'}`)
      }
    })
  }
}
