/**
 * Counts what the program puts off: each tick, immediate, timer or request has an async id of its own,
 * and these ascend.
 */
import { AsyncResource } from 'node:async_hooks'
import { eventLoop } from '../../lib/common/event-loop.js'
import { bindingOf } from './untouched.js'

interface AsyncWrap {
  async_id_fields?: unknown
  constants?: { kAsyncIdCounter?: unknown }
}

const { async_id_fields: fields, constants } = (bindingOf('async_wrap') ?? {}) as AsyncWrap
const counter = constants?.kAsyncIdCounter

/** Ids that were taken here. */
let taken = 0

if (fields instanceof Float64Array && typeof counter === 'number') {
  eventLoop.made = () => fields[counter] as number
} else {
  // Where Node does not show its counter, an id has to be taken. Hooks see what they would of a promise of Node's.
  eventLoop.made = () => new AsyncResource('FSREQPROMISE').asyncId() - ++taken
}
