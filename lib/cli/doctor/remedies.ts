/** Remedies for backends that do not work here. Pure. */
import { QUEUE_CAPACITY } from '../../protocol/port.js'
import type { BackendState } from './backends.js'
import type { System } from './system.js'

/** A larger limit, usual on hosts of databases and virtual machines. */
const USUAL_LIMIT = 1_048_576

/** Commands that raise the limit, and keep it. */
export function raiseLimit({ inUse, most }: { inUse: number; most: number }): string {
  const limit = Math.max(USUAL_LIMIT, 2 * most, inUse + QUEUE_CAPACITY)
  const setting = `fs.aio-max-nr=${limit}`
  return `as root on the host: sysctl -w ${setting}; to keep it: echo ${setting} > /etc/sysctl.d/60-aio.conf`
}

const allowCalls =
  'allow io_setup, io_submit, io_getevents and io_destroy in the seccomp profile, as those of Docker and Kubernetes do by default'

function forKernelAio({ code, syscall }: BackendState, { seccomp, aio }: System): string {
  if (code === 'EAGAIN' && syscall === 'io_setup') {
    return aio ? raiseLimit(aio) : 'raise fs.aio-max-nr on the host'
  }
  if (code === 'EPERM' || code === 'EACCES') {
    return seccomp === 'filter'
      ? allowCalls
      : 'find the security module that forbids kernel AIO, and allow io_setup and io_submit'
  }
  if (code === 'ENOSYS') {
    return seccomp === 'filter' && aio
      ? allowCalls
      : 'run on a kernel with CONFIG_AIO (Linux 4.18 or later); sandboxes that stand in for a kernel, such as gVisor, may lack it'
  }
  return 'look up that error; until then the thread backend serves'
}

const allowRing =
  'allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile, which those of Docker and Kubernetes refuse; or do without: linux is as good'

function forUring({ code }: BackendState, { seccomp, uringDisabled }: System): string {
  if (code === 'EPERM' || code === 'EACCES') {
    if (uringDisabled) {
      return 'as root on the host: sysctl -w kernel.io_uring_disabled=0; or do without: linux is as good'
    }
    return seccomp === 'filter'
      ? allowRing
      : 'find the security module that forbids io_uring, or do without: linux is as good'
  }
  if (code === 'ENOSYS') return seccomp === 'filter' ? allowRing : 'run Linux 5.6 or later, with CONFIG_IO_URING'
  if (code === 'ENOMEM') return 'raise the limit of locked memory (ulimit -l), or run Linux 5.12 or later'
  return 'look up that error; until then another backend serves'
}

/** Whether the reason is that this is not Linux. */
export const isForeign = (reason: string): boolean => /^(?:kernel AIO|io_uring) is Linux's/.test(reason)

/**
 * The remedy for a backend.
 * @param state of a backend that does not work
 * @param packageRoot where an addon could be built
 */
export function remedyFor(state: BackendState, system: System, packageRoot: string): string {
  const { reason = '', code, syscall } = state
  const rebuild = `with g++, make and python3 installed, run \`npx node-gyp rebuild\` in ${packageRoot}`
  if (code === 'ERR_DLOPEN_DISABLED') {
    return 'start node with --allow-addons, beside --permission, if the program may load addons'
  }
  if (code === 'ERR_DLOPEN_FAILED') return `this addon was built for another system or is damaged: ${rebuild}`
  if (reason.startsWith('No native build')) return `there is no prebuilt addon for this platform: ${rebuild}`
  if (/^(?:Bun|Deno)\b/.test(reason)) return 'run the program on Node to have it; pure serves here'
  if (isForeign(reason)) return 'none is needed: another backend serves on this platform'
  if (code === 'EMFILE' || code === 'ENFILE') return 'raise the limit of open files (ulimit -n)'
  if (syscall === 'pthread_create') return 'raise the limit of threads (ulimit -u, or pids.max of the cgroup)'
  if (state.name === 'uring') return forUring(state, system)
  return state.name === 'linux' ? forKernelAio(state, system) : 'look up that error; until then another backend serves'
}
