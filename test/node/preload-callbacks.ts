/** As preload.ts, with the functions of `node:fs` that take a callback. */
import './preload.js'
import 'caio/register/callbacks'
