/**
 * io_uring instead of kernel AIO, and the pool for operations that would block. Linux 5.6 and
 * later. Used only by name: see {@link WHY_OPT_IN}.
 */
import { EngineKind } from '../protocol/port.js'
import { errnoException } from '../common/errors.js'
import { KernelBackend } from './native.js'

/** Why `uring` is never chosen by default. */
export const WHY_OPT_IN = 'containers refuse io_uring, and for its security record Node itself turned it off'

/** Describes a failed probe, with the remedy if there is one. */
export function explainUring(errno: number, step: string): string {
  const { code, message } = errnoException(errno, step)
  if (!step.startsWith('io_uring_')) return `its probe failed: ${message}`
  switch (code) {
    case 'ENOSYS':
      return `${message}: this kernel has no io_uring, or an older one, or a seccomp filter hides it; run Linux 5.6 or later`
    case 'EPERM':
    case 'EACCES':
      return `${message}: kernel.io_uring_disabled, a seccomp filter or a security module forbids io_uring; set the former to 0, or allow io_uring_setup, io_uring_enter and io_uring_register`
    case 'ENOMEM':
      return `${message}: kernels before 5.12 count its rings as locked memory; raise that limit (ulimit -l)`
    default:
      return message
  }
}

export class UringBackend extends KernelBackend {
  readonly name = 'uring'

  constructor() {
    super('io_uring', EngineKind.uring, explainUring)
  }
}
