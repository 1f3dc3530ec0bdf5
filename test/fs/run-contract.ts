/** Runs every contract file, each in a process of its own, for one subject. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Subject } from './subject.js'

/** Milliseconds for one file, and for all of them, where a machine is busy with much else. */
const FILE_TIMEOUT = 300_000
const TIMEOUT = 1_800_000

/** What only an engine can be asked is in engine/. */
const folders = (subject: Subject): string[] => (subject === 'node' ? ['contract'] : ['contract', 'engine'])

export async function runContract(subject: Subject): Promise<void> {
  t.setTimeout(TIMEOUT)
  const env = { ...process.env, CAIO_TEST_SUBJECT: subject, CAIO_IMPL: undefined }
  for (const folder of folders(subject)) {
    const directory = fileURLToPath(new URL(folder, import.meta.url))
    const files = readdirSync(directory).filter((name) => name.endsWith('.js'))
    t.ok(files.length > 0, `${folder} has files`)
    for (const file of files.sort()) {
      const args = ['--enable-source-maps', `${directory}/${file}`]
      await t.spawn(process.execPath, args, { env, timeout: FILE_TIMEOUT }, `${subject}: ${folder}/${file}`)
    }
  }
}
