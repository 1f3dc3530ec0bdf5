/** Small JSON stores: a database kept in one file, written again and again, and by several at once. */
import { join } from 'node:path'
import { Low } from 'lowdb'
import { JSONFile, JSONFilePreset, TextFile } from 'lowdb/node'
import { failure } from '../program.js'
import type { Program } from '../program.js'

interface Posts {
  posts: { id: number; title: string }[]
}

const main: Program = async (directory, { promises }) => {
  const path = join(directory, 'db.json')
  const db = await JSONFilePreset<Posts>(path, { posts: [] })
  for (let id = 0; id < 50; id++) await db.update(({ posts }) => posts.push({ id, title: `Post ${id} · žluťoučký` }))
  await Promise.all(
    Array.from({ length: 50 }, (_, id) => db.update(({ posts }) => posts.push({ id: 50 + id, title: 'at once' }))),
  )

  const again = new Low<Posts>(new JSONFile(path), { posts: [] })
  await again.read()
  const text = new TextFile(join(directory, 'text'))
  const none = await text.read()
  await text.write('one')
  await text.write('two')
  await promises.writeFile(join(directory, 'broken.json'), '{ "posts": [')
  const broken = new Low<Posts>(new JSONFile(join(directory, 'broken.json')), { posts: [] })
  const inDirectory = new Low<Posts>(new JSONFile(directory), { posts: [] })
  return {
    posts: again.data.posts,
    none,
    text: await text.read(),
    broken: (await failure(broken.read())).name,
    inDirectory: await failure(inDirectory.read()),
    nowhere: await failure(new TextFile(join(directory, 'no', 'where')).write('text')).then(({ code, syscall }) => ({
      code,
      syscall,
    })),
  }
}
export default main
