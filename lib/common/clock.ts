/**
 * The clock, taken at load. Not `performance`, which Node makes at its first use: that takes longer
 * than most calls.
 */
const { bigint: nanoseconds } = globalThis.process.hrtime

/** Milliseconds. */
export function now(): number {
  return Number(nanoseconds()) / 1e6
}
