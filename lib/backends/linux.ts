/** Kernel AIO (io_submit), and the pool for operations that would block. Linux 4.18 and later. */
import { EngineKind, QUEUE_CAPACITY } from '../protocol/port.js'
import { errnoException } from '../common/errors.js'
import { KernelBackend } from './native.js'

/** Describes a failed probe, with the remedy if there is one. */
export function explainAio(errno: number, step: string): string {
  const { code, message } = errnoException(errno, step)
  if (step !== 'io_setup') return `its probe failed: ${message}`
  switch (code) {
    case 'EAGAIN':
      return `${message}: fs.aio-max-nr is used up; set /proc/sys/fs/aio-max-nr to at least /proc/sys/fs/aio-nr plus ${QUEUE_CAPACITY}`
    case 'ENOSYS':
      return `${message}: this kernel has no AIO`
    case 'EPERM':
    case 'EACCES':
      return `${message}: a seccomp filter or security module forbids kernel AIO`
    default:
      return message
  }
}

export class LinuxBackend extends KernelBackend {
  readonly name = 'linux'

  /** @param tell why the kernel's queue, which direct I/O opens, is not available: threads then do it */
  constructor(tell?: (reason: string) => void) {
    super('kernel AIO', EngineKind.linux, explainAio)
    this.runtime.refused = (errno) => tell?.(explainAio(errno, 'io_setup'))
  }
}
