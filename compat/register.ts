/**
 * The preload: `node --import caio/register app.js`, or `--require` for a CommonJS program and for
 * workers made from a string.
 */
import { patch, provide } from './patch.js'
import { replaced } from './replaced.js'

provide(replaced)
patch()
