/**
 * The first use of the engine, in a process or a worker, does not block the event loop: neither for
 * its proof, if the directory of temporary files is slow, nor for the file.
 */
// @held
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { firstCalls } from './first-use.js'
import type { FirstUse } from './first-use.js'
import { Helper, whyNoFuse } from './helper.js'
import { HOLD, makePoint } from './situations.js'

/** In parallel: they mostly wait. */
const PROCESSES = 4
/** Calls that are also made in a worker. */
const inWorkers = ['defaultContext', 'readFile', 'write']

t.setTimeout(600_000)

interface Place {
  name: string
  temporary: string
  files: string
}

await t.test('first use', { skip: whyNoFuse() ?? false, timeout: 600_000 }, async (t) => {
  const local = temporaryDirectory(t)
  const helper = new Helper('held_fs', local)
  t.teardown(() => helper.end())
  const slow = makePoint(helper)
  await helper.tell(`mount ${slow}`)
  const places: Place[] = [
    { name: 'slow temporary files', temporary: slow, files: local },
    { name: 'a slow file', temporary: local, files: slow },
  ]
  const uses = places.flatMap((place) =>
    requiredBackends.flatMap((backend) =>
      Object.keys(firstCalls).flatMap((call) =>
        ['process', ...(inWorkers.includes(call) ? ['worker'] : [])].map((where, at) => ({
          place,
          backend,
          call,
          where,
          file: join(place.files, `${call}-${backend}-${at}`),
        })),
      ),
    ),
  )
  for (const { file } of uses) fs.writeFileSync(file, Buffer.alloc(3000, 'x'))
  const asked = new Map<number, string[]>()
  helper.onHeld = ({ thread, operation, name }) => {
    const list = asked.get(thread) ?? []
    list.push(`${operation} ${name}`)
    asked.set(thread, list)
  }
  // No kind is held for good: the proof makes a dozen requests, in each process.
  await helper.tell(`hold ${HOLD} 1000000 all`)
  const longest = new Map<string, number>()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let use; (use = uses[next++]);) {
      const { place, backend, call, where, file } = use
      const env = { CAIO_IMPL: backend, TMPDIR: place.temporary }
      const { code, stdout, stderr } = await runProgram(
        new URL('./first-use.js', import.meta.url),
        [call, file, where],
        { env, timeout: 60_000 },
      )
      const name = `${place.name}, ${backend}, ${call}, in a ${where}`
      if (code !== 0) {
        t.fail(name, { code, stderr })
        continue
      }
      const result = JSON.parse(stdout) as FirstUse
      const waits = asked.get(result.thread) ?? []
      t.ok(waits.length === 0 && result.waited < HOLD / 2, name, { ...result, waits })
      const kind = `${place.name}, ${backend}`
      longest.set(kind, Math.max(longest.get(kind) ?? 0, result.waited))
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, lane))
  for (const [kind, waited] of longest) t.comment(`counted: first use, ${kind}: longest wait ${waited.toFixed(1)} ms`)
})
