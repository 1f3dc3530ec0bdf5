/** The C library that Node runs on. */

/** What Node's diagnostic report has of it. */
export interface ReportedLibraries {
  header?: { glibcVersionRuntime?: string }
  /** files */
  sharedObjects?: readonly string[]
}

/** As `glibc 2.36`, or `musl`, which does not tell programs its version; null where it is neither. */
export function nameLibrary({ header = {}, sharedObjects = [] }: ReportedLibraries): string | null {
  const version = header.glibcVersionRuntime
  if (version) return `glibc ${version}`
  // Its loader is the library itself.
  return sharedObjects.some((file) => /\/(?:ld-musl-|libc\.musl-)[^/]*$/.test(file)) ? 'musl' : null
}

/** Null where it is not known, and where there is no choice of them: elsewhere than on Linux. */
export function findCLibrary(): string | null {
  if (process.platform !== 'linux') return null
  // Not every runtime has it.
  const report = process.report as NodeJS.ProcessReport | undefined
  return report ? nameLibrary(report.getReport()) : null
}
