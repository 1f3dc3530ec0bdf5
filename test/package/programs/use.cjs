// A user's program: CommonJS.
const assert = require('node:assert')
const { defaultContext } = require('caio')
const fs = require('caio/fs')
const { open, readFile } = require('caio/fs')

async function main() {
  const file = await open(process.argv[2], 'w+')
  await file.write(Buffer.from('positioned'), 0, 10, 5)
  const { buffer } = await file.read(Buffer.alloc(10), 0, 10, 5)
  // Node 26 itself refuses this under its permission model.
  await file.sync().catch((error) => assert.equal(error.code, 'ERR_ACCESS_DENIED'))
  await file.close()
  const whole = (await readFile(process.argv[2])).length
  const { backend, reason } = defaultContext()
  const imported = await import('caio/fs')
  console.log(
    JSON.stringify({ backend, reason, read: String(buffer), whole, same: fs.open === open && imported.default === fs }),
  )
}
main()
