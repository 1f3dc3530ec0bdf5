/** Loses pages of a file until it gets the warning. */
import { join } from 'node:path'
import { PageFile } from 'caio'

const { gc } = globalThis as unknown as { gc(): void }
const warnings: string[] = []
process.on('warning', (warning) => warnings.push((warning as NodeJS.ErrnoException).code ?? ''))

const file = await PageFile.open(join(process.argv[2] ?? '.', 'pages'))
await file.write(0, Buffer.alloc(file.contentSize))
for (let at = 0; at < 200; at++) await file.page(0)
while (warnings.length === 0) {
  gc()
  await new Promise(setImmediate)
}
await file.close()
console.log(warnings.every((code) => code === 'CAIO_PAGE_LEAKED') && warnings.length === 1 ? 'told once' : warnings)
