/**
 * Prints which backend serves when something is wrong from the start, the warnings, and whether
 * results are right: every kind of operation twice, checked. Arguments: a directory, and the
 * backend to request in code, if any. With CAIO_TEST_DIRECT it continues direct reads until the
 * kernel's queue serves them, or a warning says why not.
 */
import fs from 'node:fs'
import { Context, defaultContext } from 'caio'
import type { BackendName, Stats } from 'caio'
import { alignedMemory } from '../../support/harness.js'
import { Workload } from './workload.js'

export interface Service {
  backend?: string
  reason?: string
  error?: { code: string; message: string }
  /** operations that failed, and other wrong results */
  failures: string[]
  faults: string[]
  warnings: { code: string; message: string }[]
  stats?: Stats
}

async function useDirect(): Promise<void> {
  const context = defaultContext()
  const byKernel = (): number => context.stats().routes.inline + context.stats().routes.kernel
  const fd = fs.openSync(`${directory}/direct`, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_DIRECT)
  fs.ftruncateSync(fd, 4096)
  const memory = alignedMemory(fd, 4096)
  for (const before = byKernel(); byKernel() === before && service.warnings.length === 0;) {
    await context.read(memory, fd)
  }
  fs.closeSync(fd)
}

const [directory = '', asked] = process.argv.slice(2)
const service: Service = { failures: [], faults: [], warnings: [] }
process.on('warning', ({ message, ...rest }) => {
  const { code = '' } = rest as { code?: string }
  if (code.startsWith('CAIO')) service.warnings.push({ code, message })
})
try {
  if (asked) await new Context({ backend: asked as BackendName }).close()
  const { backend, reason } = defaultContext()
  Object.assign(service, { backend, reason })
  const workload = new Workload(directory)
  for (let round = 0; round < 2; round++) {
    const { outcomes, faults } = await workload.run(
      () => {},
      () => {},
    )
    service.faults.push(...faults)
    for (const { name, result } of outcomes) if (typeof result === 'string') service.failures.push(`${name}: ${result}`)
  }
  if (process.env['CAIO_TEST_DIRECT']) await useDirect()
  service.stats = defaultContext().stats()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  service.error = { code: String(code), message }
}
await new Promise(setImmediate)
console.log(JSON.stringify(service))
