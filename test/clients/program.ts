/** The type of client programs, and helpers for their reports; without caio, which they do not know. */
import type nodeFs from 'node:fs'

export type Fs = typeof nodeFs

/**
 * A program over a package from the registry.
 * @param directory its own, empty, and the working directory
 * @param fs for packages that take an fs; others import theirs
 * @returns a report as JSON, the same for every run
 */
export type Program = (directory: string, fs: Fs) => Promise<unknown>

/** The parts of an error that applications look at, and whether its stack names a function of the program. */
export function told(error: unknown, caller?: string): Record<string, unknown> {
  const { name, message, code, errno, syscall, path, stack } = error as NodeJS.ErrnoException
  const [first] = String(stack).split('\n')
  return {
    name,
    message,
    code,
    errno,
    syscall,
    path,
    first,
    ...(caller !== undefined && { caller: stack?.includes(caller) }),
  }
}

/** The error of a rejected promise, as a report; `caller` as in {@link told}. */
export async function failure(promise: Promise<unknown>, caller?: string): Promise<Record<string, unknown>> {
  try {
    return { fulfilled: await promise }
  } catch (error) {
    return told(error, caller)
  }
}

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = seed >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}
