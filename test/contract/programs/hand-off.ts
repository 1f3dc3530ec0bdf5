/**
 * Calls one after the other: `hand-off.js PATH BACKEND COUNT [CALL [ENOUGH]]`. Prints how many the
 * hand-off served, and the fraction of the time for which threads have waited for a processor. A COUNT
 * of 0 runs until it has served ENOUGH of a hundred calls, or for a minute. CALL is chmod of the file, or
 * readdir of its directory.
 */
import nodeFs from 'node:fs'
import { dirname } from 'node:path'
import fs from 'caio/fs'
import { defaultContext } from 'caio'

const [path = '', backend, count, name = 'chmod', enough = '1'] = process.argv.slice(2)
if (defaultContext().backend !== backend) throw new Error(defaultContext().reason)
nodeFs.writeFileSync(path, '')

/** milliseconds */
const PATIENCE = 60_000

/** Milliseconds for which this process's threads have waited for a processor. */
function waited(): number {
  const nanoseconds = nodeFs.readdirSync('/proc/self/task').map((thread) => {
    const [, queued] = nodeFs.readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ')
    return Number(queued)
  })
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

let turns = 0
const timer = setInterval(() => turns++, 1)
const before = turns
const served = (): number => defaultContext().stats().routes.handOff

async function call(at: number): Promise<void> {
  if (name === 'readdir') await fs.readdir(dirname(path))
  else await fs.chmod(path, at % 2 === 0 ? 0o600 : 0o640)
}

function check(calls: number): void {
  const { mode } = nodeFs.statSync(path)
  const isRight = name === 'readdir' || (mode & 0o777) === (calls % 2 === 0 ? 0o640 : 0o600)
  if (!isRight) throw new Error(`after ${calls} calls: ${mode.toString(8)}`)
}

const most = Number(count)
let calls = 0
let last: number
const started = performance.now()
const waitedBefore = waited()
do {
  const servedBefore = served()
  // Without a pause: a thread stays awake for only some microseconds.
  for (let at = 0; at < (most || 100); at++, calls++) await call(calls)
  check(calls)
  last = served() - servedBefore
} while (most === 0 && last < Number(enough) && performance.now() - started < PATIENCE)
const queued = (waited() - waitedBefore) / (performance.now() - started)
// Even if calls are served without a trip through the event loop, it runs.
while (turns === before) await call(0)
clearInterval(timer)
console.log(
  JSON.stringify({
    handOff: served(),
    last,
    ways: defaultContext().stats().ways[name as 'chmod' | 'readdir'],
    queued,
  }),
)
