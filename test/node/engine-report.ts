/** The preload's report about one process or worker thread. */
export interface EngineReport {
  readonly backend: string
  /** Completed operations by opcode. */
  readonly operations: Operations
}

export type Operations = Readonly<Record<string, number>>

/**
 * The reports of one test, one per line: its child processes and workers add their own. A torn last
 * line is left out.
 */
export function parseReports(text: string): EngineReport[] {
  return text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as EngineReport]
      } catch {
        return [] // the process was killed while it wrote
      }
    })
}

/** Sums operations by opcode. */
export function sumOperations(all: readonly Operations[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const operations of all) {
    for (const [opcode, count] of Object.entries(operations)) sum[opcode] = (sum[opcode] ?? 0) + count
  }
  return sum
}

/** Opcodes that show that the engine was not used: a shim that passes every call on to Node must fail. */
export function unusedOpcodes(operations: Operations): string[] {
  const missing: string[] = []
  if (!operations['read'] && !operations['readv']) missing.push('reads')
  if (!operations['write'] && !operations['writev']) missing.push('writes')
  return missing
}
