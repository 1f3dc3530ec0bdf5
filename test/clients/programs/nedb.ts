/**
 * A document store that appends to one file and rewrites it: documents inserted, updated,
 * compacted, loaded anew, found corrupt.
 */
import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type Nedb from '@seald-io/nedb'
import { failure } from '../program.js'
import type { Program } from '../program.js'

// Its types declare a default export that does not exist.
const Datastore = createRequire(import.meta.url)('@seald-io/nedb') as typeof Nedb.default

interface Plant {
  _id: string
  name: string
  height: number
}

const main: Program = async (directory) => {
  const filename = join(directory, 'plants.db')
  const open = async (): Promise<Nedb.default<Plant>> => {
    const store = new Datastore<Plant>({ filename })
    await store.loadDatabaseAsync()
    return store
  }
  const store = await open()
  await store.ensureIndexAsync({ fieldName: 'name', unique: true })
  for (let at = 0; at < 40; at++) await store.insertAsync({ _id: `id-${at}`, name: `plant ${at}`, height: at % 9 })
  await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      store.insertAsync({ _id: `id-${40 + at}`, name: `plant ${40 + at}`, height: at % 7 }),
    ),
  )
  await store.updateAsync({ height: { $lt: 3 } }, { $inc: { height: 10 } }, { multi: true })
  await store.removeAsync({ height: 5 }, { multi: true })
  const twice = await failure(store.insertAsync({ _id: 'other', name: 'plant 1', height: 0 }))
  await store.compactDatafileAsync()

  const again = await open()
  const found = await again
    .findAsync({ height: { $gte: 10 } })
    .sort({ height: 1, name: 1 })
    .limit(20)
  const count = await again.countAsync({})
  appendFileSync(filename, 'not a document\n'.repeat(100))
  return { twice, found, count, corrupt: await failure(open()) }
}
export default main
