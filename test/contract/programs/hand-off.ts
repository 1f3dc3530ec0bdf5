/**
 * Calls one after the other: `hand-off.js PATH BACKEND COUNT`. Tells how many the hand-off has served. With a COUNT of 0 until it has
 * served one.
 */
import nodeFs from 'node:fs'
import fs from 'caio/fs'
import { defaultContext } from 'caio'

const [path = '', backend, count] = process.argv.slice(2)
if (defaultContext().backend !== backend) throw new Error(defaultContext().reason)
nodeFs.writeFileSync(path, '')

let turns = 0
const timer = setInterval(() => turns++, 1)
const before = turns
const served = (): number => defaultContext().stats().routes.handOff

const most = Number(count) || Infinity
for (let at = 0; at < most && (most < Infinity || served() === 0); at++) {
  await fs.chmod(path, at % 2 === 0 ? 0o600 : 0o640)
  const { mode } = nodeFs.statSync(path)
  if ((mode & 0o777) !== (at % 2 === 0 ? 0o600 : 0o640)) throw new Error(`after ${at} calls the mode is ${mode.toString(8)}`)
}
// However many are served without a trip through the event loop, it turns.
while (turns === before) await fs.chmod(path, 0o600)
clearInterval(timer)
console.log(JSON.stringify({ handOff: served(), ways: defaultContext().stats().ways.chmod }))
