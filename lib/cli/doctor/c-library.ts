/** The C library that Node runs on. */

/** The part of Node's diagnostic report about the C library. */
export interface ReportedLibraries {
  header?: { glibcVersionRuntime?: string }
  /** files */
  sharedObjects?: readonly string[]
}

/** `glibc 2.36`, for example, or `musl`, which does not tell its version; null for any other library. */
export function nameLibrary({ header = {}, sharedObjects = [] }: ReportedLibraries): string | null {
  const version = header.glibcVersionRuntime
  if (version) return `glibc ${version}`
  // musl's loader is the library itself.
  return sharedObjects.some((file) => /\/(?:ld-musl-|libc\.musl-)[^/]*$/.test(file)) ? 'musl' : null
}

/** Null if unknown, and on systems other than Linux, which have only one. */
export function findCLibrary(): string | null {
  if (process.platform !== 'linux') return null
  // Some runtimes have no report.
  const report = process.report as NodeJS.ProcessReport | undefined
  return report ? nameLibrary(report.getReport()) : null
}
