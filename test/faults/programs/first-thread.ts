/**
 * Many operations in one tick, while the pool's first thread cannot be created. Run with the fault
 * library. Argument: a directory.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { Context } from 'caio'
import { Plan } from '../plan.js'

export interface Report {
  settled: number
  /** operations with another result than their own */
  wrong: number
  refused: number
  unserved: number
  errors: string[]
}

const OPERATIONS = 5000
const fd = fs.openSync(join(process.argv[2] as string, 'file'), 'w+')
const context = new Context({ maxRequests: 16384 })
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
plan.arm([{ call: 'thread', first: 1, action: 'fail', argument: 'EAGAIN' }])

const report: Report = { settled: 0, wrong: 0, refused: 0, unserved: 0, errors: [] }
process.on('uncaughtException', (error) => report.errors.push(error.message))
const operations = Array.from({ length: OPERATIONS }, async (_, index) => {
  const length = 1 + (index % 7)
  const written = await context.write(Buffer.alloc(length, 'x'), fd, index * 8).catch((error: Error) => error.message)
  report.settled++
  if (written !== length) report.wrong++
})
process.on('exit', () => {
  report.refused = plan.injected.thread ?? 0
  const bytes = fs.readFileSync(join(process.argv[2] as string, 'file'))
  for (let index = 0; index < OPERATIONS; index++) if (bytes[index * 8] !== 120) report.unserved++
  fs.writeSync(1, JSON.stringify(report))
})
await Promise.all(operations)
