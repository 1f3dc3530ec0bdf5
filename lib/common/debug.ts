/** `NODE_DEBUG=caio`: what is decided behind the scenes, on standard error. Costs a call to an empty function otherwise. */

// Importing node:util would call its getters, one of which opens standard error.
const { debuglog } = globalThis.process.getBuiltinModule('node:util')

export const debug = debuglog('caio')
