/** The kernel and this process, by /proc. */
import fs from 'node:fs'
import { join } from 'node:path'

/** Names of the modes, in proc(5)'s order. */
const seccompModes = ['none', 'strict', 'filter'] as const

export interface System {
  /** whether system calls are filtered; null if /proc does not tell */
  seccomp: (typeof seccompModes)[number] | null
  /** kernel AIO events of the whole machine: in use, and the limit; null without kernel AIO */
  aio: { inUse: number; most: number } | null
  /** kernel.io_uring_disabled. 0: enabled; 1: only for a group's members; 2: disabled; null without the setting */
  uringDisabled: number | null
}

function read(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readNumber(path: string): number | undefined {
  const text = read(path).trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/**
 * Reads the state of the system.
 * @param proc mount point of proc(5)
 */
export function readSystem(proc = '/proc'): System {
  const mode = /^Seccomp:\s*(\d)$/m.exec(read(join(proc, 'self/status')))?.[1]
  const inUse = readNumber(join(proc, 'sys/fs/aio-nr'))
  const most = readNumber(join(proc, 'sys/fs/aio-max-nr'))
  return {
    seccomp: seccompModes[Number(mode)] ?? null,
    aio: inUse === undefined || most === undefined ? null : { inUse, most },
    uringDisabled: readNumber(join(proc, 'sys/kernel/io_uring_disabled')) ?? null,
  }
}
