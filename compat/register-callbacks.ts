/** The preload that includes the functions of `node:fs` that take a callback: `node --import caio/register/callbacks app.js`. */
import { patch } from './patch.js'

patch({ callbacks: true })
