/** Sorts entries by their keys, most of them by one number each. */
import { HEADER, compare, sizeOf } from './entry.js'

/** The number of first bytes that all keys have in common. */
function commonLength(bytes: Buffer, positions: Uint32Array): number {
  const first = positions[0] as number
  let common = bytes.readUInt32LE(first)
  for (const at of positions) {
    common = Math.min(common, bytes.readUInt32LE(at))
    let length = 0
    while (length < common && bytes[at + HEADER + length] === bytes[first + HEADER + length]) length++
    common = length
  }
  return common
}

/**
 * Numbers that sort as the keys do, as far as their bytes fit in: of each place after those that all
 * keys have in common, the rank of its byte among those that occur there.
 * @param most a limit of the numbers
 */
function numbersOf(bytes: Buffer, positions: Uint32Array, most: number): Float64Array {
  const numbers = new Float64Array(positions.length)
  const ranks = new Uint8Array(257)
  let room = most
  for (let place = HEADER + commonLength(bytes, positions); ; place++) {
    // 0 for the end of a key, which comes before all bytes.
    const digitAt = (at: number): number =>
      place < HEADER + bytes.readUInt32LE(at) ? (bytes[at + place] as number) + 1 : 0
    ranks.fill(0)
    for (const at of positions) ranks[digitAt(at)] = 1
    let base = 0
    for (let digit = 0; digit < ranks.length; digit++) if (ranks[digit] === 1) ranks[digit] = base++
    room /= base
    if (room < 1 || base === 1) return numbers
    for (let index = 0; index < positions.length; index++) {
      numbers[index] = (numbers[index] as number) * base + (ranks[digitAt(positions[index] as number)] as number)
    }
  }
}

/**
 * Sorts the entries of a range.
 * @returns their positions, by key; of each key, the last first
 */
export function sortByKey(bytes: Buffer, start: number, end: number): Uint32Array {
  let count = 0
  for (let at = start; at < end; at += sizeOf(bytes, at)) count++
  const positions = new Uint32Array(count)
  for (let at = start, index = 0; at < end; at += sizeOf(bytes, at)) positions[index++] = at
  if (count < 2) return positions
  // Sorting numbers without a function takes a tenth of the time.
  const numbers = numbersOf(bytes, positions, Number.MAX_SAFE_INTEGER / count)
  for (let index = 0; index < count; index++) numbers[index] = (numbers[index] as number) * count + index
  numbers.sort()
  const sorted = new Uint32Array(count)
  // Keys that differ only behind what fits into a number are sorted by all of their bytes.
  const inOrder = (a: number, b: number): number => compare(bytes, a, bytes, b) || b - a
  for (let index = 0, from = 0, last = -1; index <= count; index++) {
    const number = index < count ? (numbers[index] as number) : Infinity
    // Not by `%`, which is slow for numbers of this size.
    const value = Math.floor(number / count)
    if (value !== last) {
      if (index - from > 1) sorted.subarray(from, index).sort(inOrder)
      from = index
      last = value
    }
    if (index < count) sorted[index] = positions[number - value * count] as number
  }
  return sorted
}
