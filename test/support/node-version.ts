/** The running version of Node, for behaviour that differs among releases. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

export const nodeVersion = { major, minor }
