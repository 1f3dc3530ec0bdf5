import type { BenchResults } from './results.js'
export function htmlReport(results: BenchResults): string { return JSON.stringify(results) }
