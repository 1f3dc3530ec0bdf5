// @quick linux pure
// @thorough node thread
import t from 'tap'
import { readCalls } from '../arguments/buffer-calls.js'
import { compareCalls } from '../arguments/compare.js'

await t.test('read, by every overload', (t) => compareCalls(t, 'read', readCalls(), 900))
