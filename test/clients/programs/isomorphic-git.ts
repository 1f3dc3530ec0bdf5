/** A repository's life: 500 files added, committed, branched, changed, checked out, and read back. */
import { join } from 'node:path'
import git from 'isomorphic-git'
import { failure, noise } from '../program.js'
import type { Program } from '../program.js'

const FILES = 500
const author = { name: 'A. Uthor', email: 'a@example.invalid', timestamp: 1_700_000_000, timezoneOffset: 0 }

const main: Program = async (dir, fs) => {
  const { mkdir, readFile, readdir, writeFile } = fs.promises
  const names = Array.from({ length: FILES }, (_, at) => `folder-${at % 20}/file-${at}.txt`)
  await git.init({ fs, dir, defaultBranch: 'main' })
  for (let at = 0; at < 20; at++) await mkdir(join(dir, `folder-${at}`))
  const content = (at: number): Buffer =>
    at % 50 === 0 ? noise(100_000, at + 1) : Buffer.from(`content of ${at}\n`.repeat(at % 40))
  await Promise.all(names.map((name, at) => writeFile(join(dir, name), content(at))))
  await git.add({ fs, dir, filepath: names })
  const first = await git.commit({ fs, dir, author, message: 'First' })

  await git.branch({ fs, dir, ref: 'side', checkout: true })
  for (const name of names.slice(0, 20)) await writeFile(join(dir, name), `changed ${name}\n`)
  await git.remove({ fs, dir, filepath: names[499]! })
  await git.add({ fs, dir, filepath: names.slice(0, 10) })
  const changed = (await git.statusMatrix({ fs, dir })).filter(
    ([, head, work, stage]) => head !== 1 || work !== 1 || stage !== 1,
  )
  const second = await git.commit({ fs, dir, author, message: 'Second' })

  await git.checkout({ fs, dir, ref: 'main', force: true })
  const restored = await readFile(join(dir, names[3]!), 'utf8')
  const status = await git.status({ fs, dir, filepath: names[3]! })
  const log = await git.log({ fs, dir, ref: 'side' })
  const { blob } = await git.readBlob({ fs, dir, oid: second, filepath: names[0]! })
  return {
    first,
    second,
    changed,
    restored,
    status,
    log: log.map(({ oid, commit }) => [oid, commit.message]),
    blob: Buffer.from(blob).toString(),
    folders: (await readdir(join(dir, 'folder-3'))).length,
    branches: await git.listBranches({ fs, dir }),
    missing: await failure(git.checkout({ fs, dir, ref: 'nowhere' })).then(({ code, message }) => ({ code, message })),
    noRepository: await failure(git.log({ fs, dir: join(dir, 'folder-1') })).then(({ code, message }) => ({
      code,
      message,
    })),
  }
}
export default main
