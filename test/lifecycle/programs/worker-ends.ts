/**
 * Workers that end, one after the other, in every way, with every operation at every step.
 * Arguments: a scratch file, a route, operations (default: all). Needs the fault library.
 */
import { Worker } from 'node:worker_threads'
import { Plan } from '../../faults/plan.js'
import { operationsOf, rightContent, steps } from './held.js'
import type { Ending, OperationName, RouteName, Step } from './held.js'
import type { Report } from './survives.js'

const [path = '', route, ...chosen] = process.argv.slice(2) as [string, RouteName, ...OperationName[]]
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
const report: Report = { cases: 0, faults: [] }
const codes: Record<Ending, number> = { exit: 7, throws: 1, returns: 0, terminated: 1 }

async function endWorker(operation: OperationName, step: Step, ending: Ending): Promise<void> {
  report.cases++
  const lost = plan.lost
  const fail = (problem: string): void => void report.faults.push(`${operation}, ${step}, ${ending}: ${problem}`)
  const worker = new Worker(new URL('./ends.js', import.meta.url), {
    workerData: [path, route, operation, step, ending],
  })
  worker.on('error', ({ message }) => {
    if (ending !== 'throws' || message !== 'thrown in flight') fail(message)
  })
  worker.on('message', () => void worker.terminate())
  const code = await new Promise<number>((resolve) => worker.on('exit', resolve))
  plan.disarm()
  if (code !== codes[ending]) fail(`exit code ${code}`)
  if (plan.lost !== lost) fail('the memory had been given back')
  if (!rightContent(path, operation, ending === 'returns')) fail('the file is not as it must be')
}

for (const operation of chosen.length > 0 ? chosen : operationsOf(route)) {
  for (const step of steps) {
    for (const ending of Object.keys(codes) as Ending[]) await endWorker(operation, step, ending)
  }
}
console.log(JSON.stringify(report))
