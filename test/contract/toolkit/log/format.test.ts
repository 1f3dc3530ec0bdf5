/**
 * The bytes of a log, as tables: the format by its first bytes, what is searched for, how a gap is
 * judged, what a place is.
 */
import t from 'tap'
import * as format from '../../../../lib/toolkit/log/format.js'
import { judgeGap } from '../../../../lib/toolkit/log/judge.js'
import type { Evidence } from '../../../../lib/toolkit/log/judge.js'
import { gapsIn } from '../../../../lib/toolkit/log/salvage.js'

const first = { format: 1, salt: 0x89abcdef } as const
const second = { format: 2, salt: 0x89abcdef } as const

await t.test('a file is judged by its header', async (t) => {
  const header = format.fileHeader(second.salt)
  t.same(format.judgeHeader(header, 1000), { log: second, sealed: 0 })
  const sealed = Buffer.from(header)
  format.sealBytes(second.salt, 2 ** 40 + 5).copy(sealed, format.SEAL)
  t.same(format.judgeHeader(sealed, 1000), { log: second, sealed: 2 ** 40 + 5 })
  for (let bit = 0; bit < 12 * 8; bit++) {
    const flipped = Buffer.from(sealed)
    flipped[format.SEAL + (bit >> 3)]! ^= 1 << (bit & 7)
    t.same(format.judgeHeader(flipped, 1000), { log: second, sealed: 0 }, 'a seal with a changed bit is none')
  }
  const old = Buffer.concat([Buffer.from('caiolog1'), Buffer.from([0xef, 0xcd, 0xab, 0x89]), Buffer.alloc(20, 1)])
  t.same(format.judgeHeader(old, 36), { log: first, sealed: 0 })
  t.same(format.judgeHeader(old.subarray(0, 16), 16), { log: first, sealed: 0 })
  t.equal(format.judgeHeader(old.subarray(0, 15), 15), 'new')
  t.equal(format.judgeHeader(header.subarray(0, 31), 31), 'new')
  t.equal(format.judgeHeader(Buffer.alloc(32), 32), 'new')
  t.equal(format.judgeHeader(Buffer.alloc(32), 33), 'other')
  t.equal(format.judgeHeader(Buffer.from('caiolog2'), 8), 'other')
})

await t.test('a candidate is found at any place, and nothing in random bytes', async (t) => {
  let seed = 7
  const random = (): number => (seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9) & 0xff
  for (const fill of [() => 0, random, () => 0x20]) {
    const bytes = Buffer.from(Array.from({ length: 20_000 }, fill))
    const base = 5_000_000_000
    const size = base + bytes.length
    t.equal(format.nextCandidate(second, bytes, base, { from: 0, until: bytes.length, size }), -1)
    let missed = 0
    for (let at = 0; at + format.RECORD_HEADER <= bytes.length; at += 331) {
      const changed = Buffer.from(bytes)
      const length = at % 2 === 0 ? 0 : bytes.length - at - format.RECORD_HEADER
      format.writeHead(second, base + at, { length, checksum: 1 }, changed, at)
      if (format.nextCandidate(second, changed, base, { from: 0, until: bytes.length, size }) !== at) missed++
      if (
        length > 0 &&
        format.nextCandidate(second, changed, base, { from: 0, until: bytes.length, size: size - 1 }) !== -1
      ) {
        missed++
      }
      if (format.nextCandidate(second, changed, base, { from: at + 1, until: bytes.length, size }) !== -1) missed++
      if (format.nextCandidate({ ...second, salt: 1 }, changed, base, { from: 0, until: bytes.length, size }) !== -1) {
        missed++
      }
    }
    t.equal(missed, 0)
  }
})

await t.test('marks', async (t) => {
  for (const log of [first, second]) {
    for (const kind of ['plain', 'barrier', 'gap'] as const) {
      const bytes = Buffer.alloc(12)
      format.writeHead(log, 100, { length: 9, checksum: 0x12345678 }, bytes, 0)
      format.mark(log, kind, bytes, 0)
      const head = format.readHead(log, 100, bytes, 0)
      if (typeof head === 'string') throw new Error(head)
      t.equal(head.length, 9)
      t.equal(format.kindOf(log, head.checksum, 0x12345678), log === first && kind === 'barrier' ? undefined : kind)
      t.equal(format.kindOf(log, head.checksum, 0x12345679), undefined)
    }
  }
})

await t.test('a gap has room for the header of each of its parts', async (t) => {
  for (const log of [first, second]) {
    const header = format.recordHeaderOf(log)
    const largest = header + format.LARGEST_RECORD
    for (const length of [
      header,
      header + 1,
      largest,
      largest + 1,
      largest + header - 1,
      largest + header,
      3 * largest + 1,
    ]) {
      const gaps = gapsIn(log, { position: 77, length })
      t.ok(gaps.every((gap) => gap.length >= header && gap.length <= largest))
      t.same(
        gaps
          .map(({ position }, at) => gaps.slice(0, at).reduce((sum, gap) => sum + gap.length, 77) === position)
          .includes(false),
        false,
      )
      t.equal(
        gaps.reduce((sum, gap) => sum + gap.length, 0),
        length,
      )
    }
  }
})

await t.test('what a place is', async (t) => {
  const none = { isProved: false, isEmpty: false, isUnwritten: false }
  const rows: [Evidence, string][] = [
    [{ format: 2, next: undefined, ...none }, 'torn'],
    [{ format: 2, next: undefined, ...none, isProved: true }, 'torn'],
    [{ format: 2, next: undefined, ...none, isEmpty: true }, 'unused'],
    [{ format: 2, next: undefined, ...none, isEmpty: true, isProved: true }, 'torn'],
    [{ format: 2, next: 9, ...none }, 'damaged'],
    [{ format: 2, next: 9, ...none, isUnwritten: true }, 'hole'],
    [{ format: 2, next: 9, ...none, isProved: true, isUnwritten: true }, 'damaged'],
    [{ format: 1, next: undefined, ...none }, 'torn'],
    [{ format: 1, next: undefined, ...none, isEmpty: true }, 'unused'],
    [{ format: 1, next: 9, ...none, isUnwritten: true }, 'damaged'],
  ]
  for (const [evidence, verdict] of rows) t.equal(judgeGap(evidence), verdict, JSON.stringify(evidence))
})
