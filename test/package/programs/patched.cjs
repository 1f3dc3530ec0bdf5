// A user's program without knowledge of caio, started with its preload.
const { open } = require('node:fs/promises')

async function main() {
  const file = await open(process.argv[2], 'w+')
  const { bytesWritten } = await file.write(Buffer.from('positioned'), 0, 10, 5)
  await file.close()
  const classes = []
  for (let at = Object.getPrototypeOf(file); at.constructor.name === 'FileHandle'; at = Object.getPrototypeOf(at)) {
    classes.push(at)
  }
  console.log(JSON.stringify({ bytesWritten, server: classes.length > 1 ? 'caio' : 'node' }))
}
main()
