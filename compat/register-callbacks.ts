/**
 * The preload that also replaces the callback functions of `node:fs`: `node --import
 * caio/register/callbacks app.js`.
 */
import { patch, provide } from './patch.js'
import { replaced } from './replaced.js'

provide(replaced)
patch({ callbacks: true })
