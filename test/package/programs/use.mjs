// A user's program: an ES module.
import assert from 'node:assert'
import { defaultContext } from 'caio'
import fs, { open, readFile } from 'caio/fs'

const file = await open(process.argv[2], 'w+')
await file.write(Buffer.from('positioned'), 0, 10, 5)
const { buffer } = await file.read(Buffer.alloc(10), 0, 10, 5)
// Node 26 itself refuses this under its permission model.
await file.sync().catch((error) => assert.equal(error.code, 'ERR_ACCESS_DENIED'))
await file.close()
const whole = (await readFile(process.argv[2])).length
const { backend, reason } = defaultContext()
console.log(JSON.stringify({ backend, reason, read: String(buffer), whole, same: fs.open === open }))
