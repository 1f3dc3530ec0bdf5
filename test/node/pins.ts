/** A Node source tree with known tests: its origin, checksums, and numbers of tests. */
export interface Pin {
  readonly version: string
  /** The Debian suite whose `nodejs` source package has this version. */
  readonly suite: string
  /** SHA-256 of Debian's `.orig.tar.xz`: upstream's tree without the parts that Debian may not distribute. */
  readonly debianSha256: string
  /** SHA-256 of the `.tar.xz` that the Node.js project releases. */
  readonly releaseSha256: string
  /** Number of tests in each selection: another number means that the selection has changed. */
  readonly expected: { readonly promises: number; readonly wide: number }
}

/**
 * At most one tree per major version of Node. Debian's suites move on: when one has another
 * version, the release tarball is used instead, until the new version is pinned here (the runner
 * reports it).
 */
export const PINS: readonly Pin[] = [
  {
    version: '20.19.2',
    suite: 'trixie',
    debianSha256: '5e5559381ad031d245a8efa403458abbb73755f74c3e6380f185a4dd342b7949',
    releaseSha256: '4a7ff611d5180f4e420204fa6f22f9f9deb2ac5e98619dd9a4de87edf5b03b6e',
    expected: { promises: 94, wide: 372 },
  },
  {
    version: '22.22.2',
    suite: 'sid',
    debianSha256: 'f1a6dfca7ffe7f9f42942274adf9f0a12733977a4744a53f41b20836907c449b',
    releaseSha256: 'b6bedd3a8cacd5df7df015a5088264b12c74a277ba60684cb9642ae8eb743132',
    expected: { promises: 112, wide: 474 },
  },
  {
    version: '24.21.0',
    suite: 'forky',
    debianSha256: 'e6e0d1a00dfc9e31ab2b074fd99979a48be17c18e8e3edc14306736069bb8f54',
    releaseSha256: 'a6f54defb6fd7c84f41dba13d61e78e9b4e0961712cf61f29715c05f5ced94fc',
    expected: { promises: 129, wide: 543 },
  },
]

/** The pin for the major version of `nodeVersion` (`20.20.2` or `v20.20.2`), if there is one. */
export function pinFor(nodeVersion: string, pins: readonly Pin[] = PINS): Pin | undefined {
  return pins.find((pin) => major(pin.version) === major(nodeVersion))
}

export function major(version: string): number {
  return Number.parseInt(version.replace(/^v/, ''), 10)
}
