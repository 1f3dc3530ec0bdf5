/** Files replaced as a whole, one after the other and many at once; a failure leaves no file behind. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { failure, noise } from '../program.js'
import type { Program } from '../program.js'

const main: Program = async (directory) => {
  for (let at = 0; at < 30; at++) await writeFileAtomic(join(directory, `file-${at % 7}`), noise(at * 1234, at + 1))
  await Promise.all(Array.from({ length: 40 }, (_, at) => writeFileAtomic(join(directory, 'same'), `version ${at}\n`)))
  await writeFileAtomic(join(directory, 'text'), 'grüße', { encoding: 'latin1', mode: 0o640 })
  await writeFileAtomic(join(directory, 'unsynced'), noise(100_000), { fsync: false })
  mkdirSync(join(directory, 'folder'))
  const withoutTemporaryName = ({ code, syscall }: Record<string, unknown>): unknown => ({ code, syscall })
  return [
    withoutTemporaryName(await failure(writeFileAtomic(join(directory, 'folder'), 'text'))),
    withoutTemporaryName(await failure(writeFileAtomic(join(directory, 'no', 'where'), 'text'))),
  ]
}
export default main
