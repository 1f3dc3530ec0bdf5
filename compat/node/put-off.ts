/**
 * Counts what the program puts off: each tick, immediate, timer or request has an async id of its own,
 * and these ascend.
 */
import { AsyncResource } from 'node:async_hooks'
import { eventLoop } from '../../lib/common/event-loop.js'
import { counterOf } from './async-wrap.js'

/** Ids that were taken here. */
let taken = 0

// Where Node does not show its counter, an id has to be taken. Hooks see what they would of a promise of Node's.
eventLoop.made =
  counterOf('async_id_fields', 'kAsyncIdCounter') ?? (() => new AsyncResource('FSREQPROMISE').asyncId() - ++taken)
