/**
 * Which backend serves when something is wrong from the start, what is said of it, and whether it serves rightly: every kind of operation
 * twice, checked. Arguments: a directory, and the backend to ask for in code, if any.
 */
import { Context, defaultContext } from 'caio'
import type { BackendName, Stats } from 'caio'
import { Workload } from './workload.js'

export interface Service {
  backend?: string
  reason?: string
  error?: { code: string; message: string }
  /** operations that failed, and what else was not as it must be */
  failures: string[]
  faults: string[]
  warnings: { code: string; message: string }[]
  stats?: Stats
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
  service.stats = defaultContext().stats()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  service.error = { code: String(code), message }
}
await new Promise(setImmediate)
console.log(JSON.stringify(service))
