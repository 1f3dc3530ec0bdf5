/** Direct I/O is the kernel's once a pool thread has found out what file system it is on, and for a second from then on. */
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { alignedMemory } from '../support/harness.js'
import type { Plan } from './plan.js'

const LENGTH = 4096
/** Milliseconds, of that second. */
const TRUSTED = 500
let learnt = -Infinity

/** Reads a file of its own until the kernel has served it, as the plan counts: from then on it does for a while. */
export async function makeKnown(plan: Plan, backend: BackendName, directory: string): Promise<void> {
  if (performance.now() - learnt < TRUSTED) return
  const path = `${directory}/known-${process.pid}`
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_DIRECT)
  fs.ftruncateSync(fd, LENGTH)
  const context = new Context({ backend })
  const memory = alignedMemory(fd, LENGTH)
  plan.arm()
  const handedOver = (): number => {
    const { event = 0, io_submit = 0, io_uring_enter = 0 } = plan.uses
    return event + io_submit + io_uring_enter
  }
  const byKernel = async (): Promise<boolean> => {
    const before = handedOver()
    await context.read(memory, fd)
    return handedOver() > before
  }
  // Known from before, it soon is not any more.
  while (await byKernel());
  learnt = performance.now()
  while (!(await byKernel()));
  await context.close()
  plan.disarm()
  fs.closeSync(fd)
  fs.unlinkSync(path)
}
