/** Calls of readv and writev: lists of every kind, at every position. */
import { combinations, detached, filled, literals, named, positions, views } from '../../support/argument-values.js'
import { nodeVersion } from '../../support/node-version.js'
import type { Call, Named } from '../../support/argument-values.js'

const pieces = (count: number, bytes: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => filled(bytes, 65 + (at % 20)))

function holes(): unknown[] {
  const list: unknown[] = [filled(4), filled(4), filled(4)]
  delete list[1]
  return list
}

class Subclass extends Array<Buffer> {}

/** Iterates over other elements than it contains. */
class Misleading extends Array<Buffer> {
  override *[Symbol.iterator](): ArrayIterator<Buffer> {
    yield filled(1)
  }
}

/** Before 20.20, Node's own readv of an empty list ends the process by a rejection that cannot be handled. */
export const emptyReadvIsFatal = nodeVersion.major === 20 && nodeVersion.minor < 20

const lists: Named[] = [
  named('[4, 4]', () => pieces(2, 4)),
  named('[1]', () => pieces(1, 1)),
  named('[0]', () => pieces(1, 0)),
  named('[0, 0]', () => pieces(2, 0)),
  named('[4, 0, 4]', () => [filled(4), filled(0), filled(4)]),
  named('[0, 4]', () => [filled(0), filled(4)]),
  ...(emptyReadvIsFatal ? [] : [named('[]', () => [])]),
  named('the same twice', () => {
    const buffer = filled(4)
    return [buffer, buffer]
  }),
  named('overlapping', () => {
    const buffer = filled(8)
    return [buffer.subarray(0, 6), buffer.subarray(2)]
  }),
  named('all kinds', () => [
    new Uint16Array(2).fill(0x4142),
    new DataView(new ArrayBuffer(3)),
    new Float64Array(1),
    filled(2),
  ]),
  named('shared memory', () => [new Uint8Array(new SharedArrayBuffer(4)).fill(83), filled(4)]),
  named('one detached', () => [filled(4), detached(new Uint8Array(4))]),
  named('detached DataView', () => [detached(new DataView(new ArrayBuffer(4)))]),
  named('more than the file', () => pieces(20, 4)),
  named('1,024 views', () => pieces(1024, 1)),
  named('1,025 views', () => pieces(1025, 1)),
  named('3,000 views', () => pieces(3000, 1)),
  named('with a hole', holes),
  named('only holes', () => new Array<unknown>(3)),
  named('with undefined', () => [filled(4), undefined]),
  named('with null', () => [null]),
  named('with a string', () => [filled(4), 'text']),
  named('with an ArrayBuffer', () => [new ArrayBuffer(4)]),
  named('nested', () => [[filled(4)]]),
  named('frozen', () => Object.freeze(pieces(2, 4))),
  named('subclass', () => Subclass.from(pieces(2, 4))),
  named('misleading iterator', () => Misleading.from(pieces(2, 4))),
  named('with keys', () => Object.assign(pieces(2, 4), { position: 5 })),
  named('Set', () => new Set(pieces(2, 4))),
  named('array-like', () => ({ length: 1, 0: filled(4) })),
  named('iterator', () => pieces(2, 4).values()),
]

export function vectorCalls(): Call[] {
  return [
    { name: 'nothing', make: () => [] },
    ...combinations(lists, literals(undefined, null, 0, 5, 24, 30, 2 ** 32, -1, 5n)),
    ...combinations([named('[4, 4]', () => pieces(2, 4))], positions),
    ...combinations(views, literals(0, null)),
    ...combinations(
      views.map((view) => named(`[${view.name}]`, () => [view.make()])),
      literals(0, null),
    ),
  ]
}
