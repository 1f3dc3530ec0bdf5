/** The promise forms of both sides. */
import { fs, oracle } from '../../support/subject.js'
import type { PromiseName } from './calls.js'
import type { Caller, Sides } from './compare.js'

const callerOf =
  (module: typeof oracle): Caller =>
  (name, args) =>
    Reflect.apply(module[name as PromiseName], undefined, args)

export const sides: Sides = { subject: callerOf(fs), oracle: callerOf(oracle) }
