/** The preload that includes the functions of `node:fs` that take a callback: `node --import caio/register/callbacks app.js`. */
import { patch, provide } from './patch.js'
import { replaced } from './replaced.js'

provide(replaced)
patch({ callbacks: true })
