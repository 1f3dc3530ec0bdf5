/**
 * A thread that ends with an operation at some step. As the main thread: arguments scratch file,
 * route, operation, step, ending. As a worker: the same in workerData.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Plan } from '../../faults/plan.js'
import { Held, isDirect } from './held.js'
import type { Ending, OperationName, RouteName, Step } from './held.js'

const [path, route, operation, step, ending] = (isMainThread ? process.argv.slice(2) : workerData) as [
  string,
  RouteName,
  OperationName,
  Step,
  Ending,
]
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
if (isDirect(route)) plan.emulate('ring')

// Held while the thread ends: it cannot be released from here.
const held = await Held.make({ path, route, operation, step, plan, atMost: 100 })
held.start(held.memory()).catch(() => {})
await undefined
await undefined
held.reach()
switch (ending) {
  case 'returns':
    break
  case 'exit':
    process.exit(7)
    break
  case 'throws':
    throw new Error('thrown in flight')
  case 'terminated':
    parentPort?.postMessage('at its step')
    // Blocks, so that nothing is delivered, until it is terminated.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
