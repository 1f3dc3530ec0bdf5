/** What the suites share: the backends that this machine must have, and temporary files on a real disk. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Context } from 'caio'
import type { BackendName, ContextOptions } from 'caio'

/** Required here: one that is not available fails the run, since making a Context of it throws. */
export const requiredBackends: readonly BackendName[] =
  process.platform === 'linux' ? ['linux', 'thread', 'pure'] : process.platform === 'win32' ? ['pure'] : ['thread', 'pure']

/** Where temporary files go: tmpfs hides bugs, so CAIO_TEST_DIR or the system's directory must be on a disk. */
const base = process.env['CAIO_TEST_DIR'] ?? tmpdir()

/** A directory that goes when the test ends. */
export function temporaryDirectory(t: Test): string {
  const directory = fs.mkdtempSync(join(base, 'caio-test-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface OpenFile {
  path: string
  fd: number
}

/** A file with this content, opened for reading and writing; closed when the test ends. */
export function temporaryFile(t: Test, content: string | Uint8Array = ''): OpenFile {
  const path = join(temporaryDirectory(t), 'file')
  fs.writeFileSync(path, content)
  const fd = fs.openSync(path, 'r+')
  t.teardown(() => fs.closeSync(fd))
  return { path, fd }
}

/** A Context on one backend, closed when the test ends. */
export function makeContext(t: Test, backend: BackendName, options: Omit<ContextOptions, 'backend'> = {}): Context {
  const context = new Context({ ...options, backend })
  t.teardown(() => context.close())
  return context
}

/** Runs one behaviour's test on every backend that this machine must have. */
export function onEveryBackend(t: Test, behaviour: string, test: (t: Test, backend: BackendName) => Promise<void>): void {
  for (const backend of requiredBackends) void t.test(`${backend}: ${behaviour}`, (sub) => test(sub, backend))
}
