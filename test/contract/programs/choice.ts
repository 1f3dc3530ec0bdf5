/**
 * Prints the chosen backend, the warnings, and whether it works; run in its own process. Arguments:
 * a scratch file, and the backend to request in code, if any.
 */
import fs from 'node:fs'
// Relative, so that a copy of the package tests the copy.
import { Context } from '../../../lib/index.js'
import type { BackendName } from '../../../lib/index.js'

export interface Choice {
  backend?: string
  reason?: string
  read?: string
  /** 'done', or the code of the error */
  sync?: string
  error?: { code: string; message: string }
  warnings: { name: string; code: string; message: string }[]
}

const [path = '', asked] = process.argv.slice(2)
const result: Choice = { warnings: [] }
process.on('warning', ({ name, message, ...rest }) => {
  const { code = '' } = rest as { code?: string }
  // Warnings of the permission model are Node's.
  if (name.startsWith('Caio') || code.startsWith('CAIO')) result.warnings.push({ name, code, message })
})
try {
  const options = asked ? { backend: asked as BackendName } : {}
  const context = new Context(options)
  const again = new Context(options)
  const fd = fs.openSync(path, 'w+')
  await context.write('it works', fd)
  result.sync = await again.fdsync(fd).then(
    () => 'done',
    (error: NodeJS.ErrnoException) => String(error.code),
  )
  Object.assign(result, { backend: context.backend, reason: context.reason, read: String(await again.read(99, fd)) })
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  result.error = { code: String(code), message }
}
// Warnings are emitted on the next tick.
await new Promise(setImmediate)
console.log(JSON.stringify(result))
