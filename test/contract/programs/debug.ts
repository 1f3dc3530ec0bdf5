/** Does everything that NODE_DEBUG=caio logs, once. Argument: a scratch file. */
import fs from 'node:fs/promises'
// Relative, so that a copy of the package tests the copy.
import { patch, unpatch } from '../../../compat/index.js'

const [path = ''] = process.argv.slice(2)
patch()
await fs.writeFile(path, 'content')
const handle = await fs.open(path)
await handle.read(Buffer.alloc(7), 0, 7, 0)
await handle.close()
unpatch()
console.log('done')
