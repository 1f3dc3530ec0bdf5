/**
 * A program that does nothing but turn: `stops.js MS`. Prints each time of at least so many
 * milliseconds in which it did not turn, as a line of JSON, after one for its first turn. On a
 * processor of its own choice, it shows when that processor served nobody.
 */
const { performance, setTimeout } = globalThis

export interface Stop {
  /** milliseconds */
  waited: number
  /** in milliseconds of the same clock in every process */
  ended: number
}

const least = Number(process.argv[2])
const say = (stop: Stop): void => void process.stdout.write(`${JSON.stringify(stop)}\n`)

let last = performance.now()
function turn(): void {
  const now = performance.now()
  if (now - last >= least) say({ waited: now - last, ended: performance.timeOrigin + now })
  last = now
  setTimeout(turn, 1)
}
say({ waited: 0, ended: performance.timeOrigin })
turn()
