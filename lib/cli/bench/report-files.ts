/** Runs a measurement, and writes its reports to files. */
import fs from 'node:fs'
import { loadAssets } from './html-page.js'
import type { Assets } from './html-page.js'
import { untilInterrupted } from './interruption.js'
import type { Options } from './options.js'

interface Measurement<Results> {
  options: Pick<Options, 'json' | 'html'>
  /** told before it begins */
  about: string
  measure: (signal: AbortSignal) => Promise<Results>
  htmlReport: (results: Results, assets: Assets) => string
  hasFailed: (results: Results) => boolean
}

/** @returns the exit code */
export async function measureAndReport<Results>(measurement: Measurement<Results>): Promise<number> {
  const { options, about, measure, htmlReport, hasFailed } = measurement
  // Fails before measuring if a report cannot be written.
  for (const path of [options.json, options.html]) if (path !== undefined) fs.closeSync(fs.openSync(path, 'a'))
  const assets = options.html === undefined ? undefined : loadAssets()
  console.error(about)
  const { signal, code, release } = untilInterrupted()
  try {
    const results = await measure(signal)
    if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`)
    if (options.html !== undefined && assets) fs.writeFileSync(options.html, htmlReport(results, assets))
    return hasFailed(results) ? 1 : 0
  } catch (error) {
    if (signal.aborted) return code()
    throw error
  } finally {
    release()
  }
}
