/** `fstat` with a callback. */
import { EAGAIN, callbackException } from '../../lib/common/errors.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { OpenRequest } from '../../lib/engine/request.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { Opcode, syscallOf } from '../../lib/protocol/operations.js'
import { isInNumbers } from '../arguments/path.js'
import { ofCallbacks } from '../node/original.js'
import { servesFiles } from '../node/serves.js'
import { makesStats, statsMemory, toStats } from '../node/stats.js'
import { isNodes } from '../paths/path-call.js'
import { areMany } from './call.js'
import { leaveDescriptor, take } from './served.js'
import type { Arguments, ServedCall } from './served.js'

interface Caller {
  readonly call: ServedCall
  /** leaves the call to Node */
  leave(): void
}

type Numbers = Float64Array<ArrayBuffer>

function tell(call: ServedCall, numbers: Numbers): void {
  let stats
  try {
    stats = toStats(numbers)
  } catch (error) {
    return call.end(error) // no memory for it
  }
  call.end(null, stats)
}

const completer: Completer<Caller> = {
  api: 'callback',
  atOnce: true,
  takesFailures: true,
  lend: () => [statsMemory.take()],
  value(result, views, { call, leave }) {
    const [numbers] = views as unknown as [Numbers]
    if (result >= 0) tell(call, numbers)
    else if (isNodes(result)) call.leaveTo(leave)
    else call.end(callbackException(result, syscallOf(Opcode.fstat)))
    statsMemory.giveBack(numbers)
  },
}

function serve(call: ServedCall, leave: () => void): void {
  const numbers = statsMemory.take()
  const result = areMany() ? EAGAIN : defaultScheduler().attemptOpen(Opcode.fstat, call.fd, numbers)
  if (result === 0) tell(call, numbers)
  statsMemory.giveBack(numbers)
  // This turn has no room for more inline work.
  if (result === undefined) {
    whenThereIsRoom(() => serve(call, leave))
  } else if (result !== 0) {
    void defaultScheduler().enqueue(new OpenRequest(Opcode.fstat, call.fd, completer, { call, leave }))
  }
}

/** Serves every kind of file. */
export function fstat(this: unknown, ...args: Arguments): void {
  const [fd, options] = args
  const leave = (): void => leaveDescriptor(ofCallbacks.get('fstat'), this, args)
  const isPlain = (args.length === 2 || args.length === 3) && isInNumbers(args.length === 3 ? options : undefined)
  const call = isPlain && makesStats && servesFiles() ? take(fd, args.at(-1)) : undefined
  if (call) serve(call, leave)
  else leave()
}
