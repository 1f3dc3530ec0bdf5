/** Orderly end of commands that measure for minutes, when they are interrupted; texts for times. */

export interface Interruption {
  signal: AbortSignal
  /** exit code of the signal; 0 if there was none */
  code: () => number
  release: () => void
}

/** Aborts its signal on SIGINT and SIGTERM, so that the files of the run are removed, too. */
export function untilInterrupted(): Interruption {
  const controller = new AbortController()
  let code = 0
  const interrupt = (signal: NodeJS.Signals): void => {
    code = signal === 'SIGINT' ? 130 : 143
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const release = (): void => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return { signal: controller.signal, code: () => code, release }
}

export const minutes = (milliseconds: number): string =>
  milliseconds < 90_000 ? `${Math.ceil(milliseconds / 1000)} s` : `${Math.ceil(milliseconds / 60_000)} minutes`

/**
 * Estimates the remaining time: at first from the expected time, later more and more from the
 * elapsed time.
 * @param part of the work that is done, 0 to 1
 */
export function timeLeft(part: number, expected: number, elapsed: number): number {
  return (1 - part) * ((1 - part) * expected + (part === 0 ? 0 : elapsed))
}
