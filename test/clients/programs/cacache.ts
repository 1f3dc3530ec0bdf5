/**
 * A content-addressable cache: entries put, streamed, copied, found, broken on purpose, verified
 * and removed.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import cacache from 'cacache'
import { failure, noise, told } from '../program.js'
import type { Program } from '../program.js'

/** Without directories, which the files imply, and without times. */
function facts({
  key,
  integrity,
  size,
  metadata,
}: {
  key: string
  integrity: string
  size: number
  metadata: unknown
}): unknown {
  return { key, integrity, size, metadata }
}

const main: Program = async (directory) => {
  const cache = join(directory, 'cache')
  const story: Record<string, unknown> = {}
  const sizes = [0, 1, 100, 4096, 70_000, 3_000_000]
  const digests = await Promise.all(
    sizes.map((size) => cacache.put(cache, `key-${size}`, noise(size, size + 1), { metadata: { size } })),
  )
  story['digests'] = digests
  await Promise.all(Array.from({ length: 100 }, (_, at) => cacache.put(cache, `many-${at}`, `value ${at % 7}`)))

  for (const size of [100, 3_000_000]) {
    await pipeline([noise(size / 2, 5), noise(size / 2, 6)], cacache.put.stream(cache, `stream-${size}`))
    const content = await buffer(cacache.get.stream(cache, `stream-${size}`))
    story[`stream-${size}`] = content.equals(Buffer.concat([noise(size / 2, 5), noise(size / 2, 6)]))
  }
  const gotten = await Promise.all(sizes.map((size) => cacache.get(cache, `key-${size}`, { memoize: false })))
  story['gotten'] = gotten.map(({ data, integrity, metadata }, at) => [
    data.equals(noise(sizes[at]!, sizes[at]! + 1)),
    integrity,
    metadata,
  ])
  story['by digest'] = (await cacache.get.byDigest(cache, digests[2]!)).equals(noise(100, 101))
  await cacache.get.copy(cache, 'key-4096', join(directory, 'copy'))
  story['info'] = facts((await cacache.get.info(cache, 'key-100'))!)
  story['no info'] = await cacache.get.info(cache, 'nothing')
  story['missing'] = await failure(cacache.get(cache, 'nothing'))
  story['wrong integrity'] = await failure(cacache.put(cache, 'bad', 'data', { integrity: digests[3]! }))

  const broken = (await cacache.get.info(cache, 'key-70000'))!.path
  nodeFs.chmodSync(broken, 0o644)
  nodeFs.writeFileSync(broken, noise(70_000, 99))
  story['broken'] = await failure(cacache.get(cache, 'key-70000', { memoize: false }))
  story['broken stream'] = await buffer(cacache.get.stream(cache, 'key-70000', { memoize: false })).catch(
    (error: unknown) => told(error),
  )
  await cacache.rm.content(cache, digests[1]!)
  await cacache.rm(cache, 'key-0')
  const verified = await cacache.verify(cache)
  story['verified'] = Object.fromEntries(Object.entries(verified).filter(([name]) => !/Time|runTime/.test(name)))
  story['listed'] = Object.values(await cacache.ls(cache))
    .map(facts)
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return story
}
export default main
