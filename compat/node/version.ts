/** The running version of Node: some of its functions are built from others than in the next. */
const [major = 0, minor = 0] = globalThis.process.versions.node.split('.').map(Number)

export const nodeMajor = major
export const nodeMinor = minor
