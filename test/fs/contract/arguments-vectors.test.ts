// @thorough node linux thread pure
import t from 'tap'
import { compareCalls } from '../arguments/compare.js'
import { vectorCalls } from '../arguments/vector-calls.js'

await t.test('readv', (t) => compareCalls(t, 'readv', vectorCalls(), 300))
await t.test('writev', (t) => compareCalls(t, 'writev', vectorCalls(), 300))
