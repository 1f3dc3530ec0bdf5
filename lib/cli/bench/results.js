/** What a run has found: the shape of `--json`, and the figures that the reports take from it. */
import { spread } from '../statistics.js';
/** Id of the result that says what the harness costs; it is no contender. */
export const HARNESS = 'harness';
/** Id of the contender that the others are compared with. */
export const BASELINE = 'node';
/** Undefined of a failure. */
export function summarize({ rounds }) {
    const rate = spread(rounds.map(({ operations, milliseconds }) => operations / (milliseconds / 1000)));
    if (!rate)
        return undefined;
    const middle = (figure) => spread(rounds.map((report) => figure(report) ?? null))?.median;
    return {
        rate,
        bytes: rounds[0]?.bytes ?? 0,
        p50: middle(({ latency }) => latency?.p50),
        p95: middle(({ latency }) => latency?.p95),
        p99: middle(({ latency }) => latency?.p99),
        p999: middle(({ latency }) => latency?.p999),
        samples: Math.min(...rounds.map(({ latency }) => latency?.samples ?? 0)),
        cpu: middle(({ cpu }) => cpu),
        loopDelay: middle(({ loopDelay }) => loopDelay),
        peakMemory: middle(({ peakMemory }) => peakMemory),
        verified: rounds.reduce((sum, { verified }) => sum + verified, 0),
    };
}
/** How many times the baseline's rate. */
export function ratio(summary, baseline) {
    return baseline && summary.rate.median / baseline.rate.median;
}
/** What the harness costs an operation, by row, in nanoseconds; and the part of it in what the fastest contender takes, 0 to 1. */
export function harnessCosts(rows) {
    return rows.flatMap(({ row, results }) => {
        const alone = summarize(results.find(({ contender }) => contender === HARNESS) ?? { rounds: [] });
        if (!alone)
            return [];
        const inJavaScript = results.filter(({ contender }) => contender !== HARNESS && !contender.startsWith('fio'));
        const fastest = Math.max(0, ...inJavaScript.map((result) => summarize(result)?.rate.median ?? 0));
        return [{ inFlight: row.inFlight, nanoseconds: 1e9 / alone.rate.median, part: fastest / alone.rate.median }];
    });
}
/** The least and the most of a file that was in the page cache when the trials of a row began; undefined where nobody could tell. */
export function residencyBefore({ results }) {
    const parts = results.flatMap(({ rounds }) => rounds.map(({ residency }) => residency?.before ?? null));
    return spread(parts);
}
