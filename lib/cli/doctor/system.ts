/** What /proc says about the kernel and about this process. */
import fs from 'node:fs'
import { join } from 'node:path'

/** As proc(5) numbers them. */
const seccompModes = ['none', 'strict', 'filter'] as const

export interface System {
  /** whether system calls are filtered; null if /proc does not say */
  seccomp: (typeof seccompModes)[number] | null
  /** kernel AIO events of the whole machine: how many are set up, and how many there may be; null if there is no kernel AIO */
  aio: { inUse: number; most: number } | null
  /** kernel.io_uring_disabled. 0: for nobody; 1: except for a group's members; 2: for all; null if there is no such setting */
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

/** @param proc where proc(5) is mounted */
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
