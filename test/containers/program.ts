/** A program without knowledge of caio, except that it reports at its end what has served it. */
import fs from 'node:fs/promises'
import { join } from 'node:path'

const [directory = '.'] = process.argv.slice(2)
const own = join(directory, `own-${process.getuid?.()}`)
await fs.mkdir(own, { recursive: true })
await fs.writeFile(join(own, 'file'), 'content')
const found = new Set<string>()
for (let round = 0; round < 20; round++) {
  found.add(await fs.readFile(join(own, 'file'), 'utf8'))
  const handle = await fs.open(join(own, 'file'))
  found.add(String((await handle.read(Buffer.alloc(7), 0, 7, 0)).buffer))
  found.add(String((await fs.stat(join(own, 'file'))).size))
  // Owned by root.
  await fs.readFile('/etc/passwd', 'utf8')
  await handle.close()
}
await fs.rm(own, { recursive: true })
const { defaultContext } = await import('caio')
const { backend } = defaultContext()
console.log(JSON.stringify({ backend, found: [...found], routes: defaultContext().stats().routes }))
