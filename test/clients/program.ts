/** What a client program is, and what it uses to tell its story: nothing of caio, which it knows nothing of. */
import type nodeFs from 'node:fs'

export type Fs = typeof nodeFs

/**
 * A program over a package that nobody here wrote.
 * @param directory its own, empty, and the current one
 * @param fs what to hand to a package that wants to be handed one; the others have imported theirs
 * @returns its story as JSON can tell it, the same for every run
 */
export type Program = (directory: string, fs: Fs) => Promise<unknown>

/** An error as far as an application looks at it, and whether its stack names a function of the program's. */
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

/** What a promise is rejected with, as told; `caller` as in {@link told}. */
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
