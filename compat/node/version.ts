/** The version of Node that runs: some of its functions are made of others than in the next. */
const [major = 0, minor = 0] = globalThis.process.versions.node.split('.').map(Number)

export const nodeMajor = major
export const nodeMinor = minor
