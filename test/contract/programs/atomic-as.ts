/** Replaces files as another user: `atomic-as.js UID GID GROUP FILE…`. Prints each outcome, as JSON. */
import { join } from 'node:path'
import { writeFileAtomic } from 'caio'

const [uid, gid, group, ...paths] = process.argv.slice(2)
// Loads all modules before this user loses the right to read them.
await writeFileAtomic(join(process.cwd(), 'warm'), '')
process.setgroups?.([Number(group)])
process.setgid?.(Number(gid))
process.setuid?.(Number(uid))
const results: string[] = []
for (const path of paths) {
  results.push(
    await writeFileAtomic(path, 'new').then(
      () => 'ok',
      (error: NodeJS.ErrnoException) => String(error.code),
    ),
  )
}
console.log(JSON.stringify(results))
