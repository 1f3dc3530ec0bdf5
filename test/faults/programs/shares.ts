/**
 * Copies files of several sizes to new paths and over other files. Arguments: a directory; `node`,
 * for Node's own function. Prints the outcomes.
 */
import fs from 'node:fs'
import own from 'node:fs/promises'
import { join } from 'node:path'
import caio from 'caio/fs'

const [directory = '', whose] = process.argv.slice(2)
const { copyFile } = whose === 'node' ? own : caio
const outcomes: unknown[] = []
for (const share of ['cifs', 'ceph', 'plain']) {
  fs.mkdirSync(join(directory, share))
  for (const size of [0, 3000, 300_000]) {
    for (const mode of [0o644, 0o444, 0o600]) {
      const from = join(directory, `${size}-${mode}`)
      fs.writeFileSync(from, 'x'.repeat(size))
      fs.chmodSync(from, mode)
      for (const old of [undefined, '', 'old'.repeat(2000)]) {
        const to = join(directory, share, 'to')
        fs.rmSync(to, { force: true })
        if (old !== undefined) fs.writeFileSync(to, old)
        const outcome = await copyFile(from, to).then(
          () => 'copied',
          (error: NodeJS.ErrnoException) => error.message.replaceAll(directory, ''),
        )
        const left = fs.existsSync(to) && [fs.statSync(to).mode & 0o7777, fs.readFileSync(to, 'utf8').length]
        outcomes.push([share, size, mode, old?.length, outcome, left])
      }
    }
  }
}
console.log(JSON.stringify(outcomes))
