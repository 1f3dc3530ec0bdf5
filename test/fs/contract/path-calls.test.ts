/** The functions of fs/promises that take a path: results, errors and what becomes of the files, as Node's. */
// @quick node linux
// @thorough thread pure uring
import t from 'tap'
import { functionNames, subjects } from '../paths/calls.js'
import { compareCalls, makeTree } from '../paths/compare.js'
import type { Caller, Sides } from '../paths/compare.js'
import { fs, oracle } from '../subject.js'

const callerOf =
  (module: typeof oracle): Caller =>
  (name, args) =>
    Reflect.apply(module[name], undefined, args)
const sides: Sides = { subject: callerOf(fs), oracle: callerOf(oracle) }

for (const name of functionNames) {
  await t.test(name, (t) => compareCalls(t, sides, name, subjects[name].calls, makeTree(t)))
}
