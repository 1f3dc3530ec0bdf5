/** The machine in a report. */
import fs from 'node:fs'
import os from 'node:os'
import { findMount } from '../mounts.js'
import type { Mount } from '../mounts.js'

export interface Machine {
  cpu: string
  cores: number
  /** bytes */
  memory: number
  platform: string
  kernel: string
  node: string
  libuv: string
  mount: Mount | null
  /** over the last minute, before the run */
  load: number
  /** variables that change the behaviour of Node or caio */
  environment: Record<string, string>
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const TELLING = ['UV_THREADPOOL_SIZE', 'CAIO_THREADS']

/**
 * Describes this machine.
 * @param directory of the run's files
 */
export function describeMachine(directory: string): Machine {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memory: os.totalmem(),
    platform: `${os.type()} ${process.arch}`,
    kernel: os.release(),
    node: process.versions.node,
    libuv: process.versions.uv,
    mount: findMount(readText('/proc/self/mountinfo'), fs.realpathSync(directory)) ?? null,
    load: os.loadavg()[0] ?? 0,
    environment: Object.fromEntries(
      TELLING.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
  }
}
