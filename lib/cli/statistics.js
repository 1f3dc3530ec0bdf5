/** The few statistics that the reports use. */
/** The middle value, or the mean of the two in the middle. NaN of none. */
export function median(values) {
    const sorted = Float64Array.from(values).sort();
    const middle = sorted.length >> 1;
    if (sorted.length % 2 === 1)
        return sorted[middle];
    return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
/**
 * The nearest-rank percentile: the smallest value that at least `percent` of all are no greater than. NaN of none.
 * @param sorted in ascending order
 * @param percent 0 to 100
 */
export function percentile(sorted, percent) {
    if (sorted.length === 0)
        return NaN;
    // The products of decimal fractions may be a hair above the whole number that is meant.
    const rank = Math.ceil((percent / 100) * sorted.length - 1e-9);
    return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1];
}
/** Undefined of no values: a figure that was never taken. */
export function spread(values) {
    const known = values.filter((value) => value !== null);
    if (known.length === 0)
        return undefined;
    return { median: median(known), min: Math.min(...known), max: Math.max(...known) };
}
