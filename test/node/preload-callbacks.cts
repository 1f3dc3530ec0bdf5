/** As preload.cts, with the callback functions of `node:fs`. */
require('./preload.cjs')
require('caio/register/callbacks')
