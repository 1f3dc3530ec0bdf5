/** The clock as it is when this is loaded. Not `performance`: Node makes that at the first look, which takes longer than most calls. */
const { bigint: nanoseconds } = globalThis.process.hrtime

/** Milliseconds. */
export function now(): number {
  return Number(nanoseconds()) / 1e6
}
