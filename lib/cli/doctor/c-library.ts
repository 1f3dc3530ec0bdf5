/** The C library that Node runs on. */

/** What Node's diagnostic report says about it. */
export interface ReportedLibraries {
  header?: { glibcVersionRuntime?: string }
  /** files */
  sharedObjects?: readonly string[]
}

/** `glibc 2.36`, for example, or `musl`, which does not tell programs its version; null if it is neither. */
export function nameLibrary({ header = {}, sharedObjects = [] }: ReportedLibraries): string | null {
  const version = header.glibcVersionRuntime
  if (version) return `glibc ${version}`
  // The loader of musl is the library itself.
  return sharedObjects.some((file) => /\/(?:ld-musl-|libc\.musl-)[^/]*$/.test(file)) ? 'musl' : null
}

/** Null if it is not known, and on systems other than Linux, which have only one. */
export function findCLibrary(): string | null {
  if (process.platform !== 'linux') return null
  // Not every runtime has a report.
  const report = process.report as NodeJS.ProcessReport | undefined
  return report ? nameLibrary(report.getReport()) : null
}
