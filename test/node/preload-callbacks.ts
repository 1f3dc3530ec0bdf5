/** As preload.ts, with the callback functions of `node:fs`. */
import './preload.js'
import 'caio/register/callbacks'
