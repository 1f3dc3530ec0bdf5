// @quick linux
// @thorough node thread pure
import t from 'tap'
import { writeCalls } from '../arguments/buffer-calls.js'
import { compareCalls } from '../arguments/compare.js'

await t.test('write, by every overload', (t) => compareCalls(t, 'write', writeCalls(), 900))
