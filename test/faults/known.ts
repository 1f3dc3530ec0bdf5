/**
 * The kernel's queue serves direct I/O after a pool thread has examined the file system, and for a
 * second from then on.
 */
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { alignedMemory } from '../support/harness.js'
import type { Plan } from './plan.js'

const LENGTH = 4096
/** Milliseconds of that second that tests may rely on. */
const TRUSTED = 500
let learnt = -Infinity

/**
 * Reads a file of its own until the kernel's queue has served it, according to the plan; it then
 * does so for a while.
 */
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
  // If it was known from earlier, that knowledge soon expires.
  while (await byKernel());
  learnt = performance.now()
  while (!(await byKernel()));
  await context.close()
  plan.disarm()
  fs.closeSync(fd)
  fs.unlinkSync(path)
}
