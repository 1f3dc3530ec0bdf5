/** `NODE_DEBUG=caio` logs internal decisions to standard error. Otherwise a call to an empty function. */

// Importing node:util would call its getters, one of which opens standard error.
const { debuglog } = globalThis.process.getBuiltinModule('node:util')

export const debug = debuglog('caio')
