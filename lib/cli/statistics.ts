/** The few statistics that the reports use. */

/** The middle value, or the mean of the two in the middle. NaN if there are no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

/**
 * The nearest-rank percentile: the smallest value such that at least `percent` of all are not
 * greater. NaN without values.
 * @param sorted in ascending order
 * @param percent 0 to 100
 */
export function percentile(sorted: Float64Array, percent: number): number {
  if (sorted.length === 0) return NaN
  // A product of decimal fractions may be slightly above the intended whole number.
  const rank = Math.ceil((percent / 100) * sorted.length - 1e-9)
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] as number
}

/** One figure over several rounds. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** The spread of values; undefined if there are none: the figure was never measured. */
export function spread(values: readonly (number | null)[]): Spread | undefined {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return undefined
  return { median: median(known), min: Math.min(...known), max: Math.max(...known) }
}
