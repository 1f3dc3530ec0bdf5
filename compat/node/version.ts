/** The running version of Node: some of its functions are built from others than in the next. */
const [major = 0, minor = 0] = globalThis.process.versions.node.split('.').map(Number)

export const nodeMajor = major

/** Whether it is at least that version. */
export const isNodeSince = (since: number, sinceMinor: number): boolean =>
  major > since || (major === since && minor >= sinceMinor)

const [uvMajor = 0, uvMinor = 0] = globalThis.process.versions.uv.split('.').map(Number)

/** Whether its libuv is at least 1.`minor`. */
export const isLibuvSince = (minor: number): boolean => uvMajor > 1 || uvMinor >= minor

/** Since 1.49, libuv gives a copy the owner and the times of its source, as far as the process may. */
export const copiesAttributes = isLibuvSince(49)
