/** Of the Node that runs this, for what it does otherwise in some of its releases. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

export const nodeVersion = { major, minor }
