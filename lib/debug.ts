/** `NODE_DEBUG=caio`: what is decided behind the scenes, on standard error. Costs a call to an empty function otherwise. */
import { debuglog } from 'node:util'

export const debug = debuglog('caio')
