/**
 * The functions of `node:fs` that take a callback, over the engine. A call that is not plain goes
 * to Node's own function, unchanged.
 */
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { callbackException } from '../../lib/common/errors.js'
import { Opcode, isWrite, syscallOf } from '../../lib/protocol/operations.js'
import type { Completer } from '../../lib/engine/completer.js'
import { OWN_POSITION, SyncRequest, TransferRequest } from '../../lib/engine/request.js'
import type { Span } from '../../lib/engine/request.js'
import { isDescriptor, readArguments, textArguments, vectorArguments, writeArguments } from '../arguments/transfer.js'
import { close, closeSync, closesDescriptors } from './close.js'
import * as descriptors from './descriptors.js'
import { fstat } from './fstat.js'
import { withCallback } from './path-callback.js'
import { leaveDescriptor, leaveOne, take } from './served.js'
import type { Arguments, Own, ServedCall } from './served.js'
import * as attributes from '../handle/attributes.js'
import { ofCallbacks } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { servesFiles } from '../node/serves.js'
import { isUnderWay } from '../node/under-way.js'
import { callbackPathFunctions } from '../paths/functions.js'
import { openFile } from '../paths/open.js'
import type { PathFunction } from '../paths/path-function.js'

type Report = (call: ServedCall, error: Error | null, count: number) => void

/** Turns results into arguments of the callback; failures become errors. */
function completer(opcode: Opcode, tell: Report, atOnce?: true): Completer<ServedCall> {
  return {
    api: 'callback',
    ...(atOnce && { atOnce }),
    takesFailures: true,
    value(result, _, call) {
      if (result >= 0) tell(call, null, result)
      else tell(call, callbackException(result, syscallOf(opcode)), 0)
    },
    released({ use, moves }) {
      if (moves) use.position?.end(isWrite(opcode))
    },
  }
}

const transferred: Report = (call, error, count) => call.end(error, count, call.given)
const synced: Report = (call, error) => call.end(error)

const readDone = completer(Opcode.read, transferred)
const writeDone = completer(Opcode.write, transferred, true)
const fsyncDone = completer(Opcode.fsync, synced, true)
const fdatasyncDone = completer(Opcode.fdsync, synced, true)

/** Arguments of a transfer: the descriptor, the callback, and the buffers that the callback gets. */
type Target = readonly [fd: unknown, callback: unknown, given: unknown]

/** Whether a write begins at once, or right after those of the engine on the same descriptor: the pool keeps their order. */
function beginsAtOnce(fd: number): boolean {
  const scheduler = defaultScheduler()
  return scheduler.wouldBeginAtOnce || (scheduler.hasRoom && descriptors.isWriting(fd))
}

/**
 * Whether the engine serves an operation that moves the file's position. Of writes, it serves those that
 * begin at once. Programs write logs without waiting, and rely on writes that are under way at once: also
 * while they do other work, close the descriptor, or end. Beside others, Node's threads begin sooner.
 */
function movesPosition(opcode: Opcode, fd: number): boolean {
  if (!servesFiles() || descriptors.isNodes(fd)) return false
  if (isWrite(opcode) && !beginsAtOnce(fd)) return false
  return descriptors.isMovable(fd)
}

/**
 * Serves a read or a write.
 * @returns whether the engine has taken it
 */
function serve(
  opcode: Opcode,
  span: Span | undefined,
  [fd, callback, given]: Target,
  completer: Completer<ServedCall>,
): boolean {
  if (!span || !isDescriptor(fd)) return false
  const moves = span.position === OWN_POSITION
  if (moves && !movesPosition(opcode, fd)) return false
  const call = take(fd, callback, given, moves)
  if (!call) return false
  const start = (): Promise<unknown> =>
    defaultScheduler().enqueue(new TransferRequest(opcode, fd, span, completer, call))
  void (moves ? descriptors.positionOf(call.use).begin(isWrite(opcode), start) : start())
  // Also if the end of the tick is still to come for calls that are over.
  if (moves && isWrite(opcode)) {
    descriptors.noteWrite(call.use)
    defaultScheduler().submitNow()
  }
  return true
}

/**
 * Serves a sync.
 * @returns whether the engine has taken it
 */
function serveSync(opcode: Opcode, call: ServedCall | undefined, completer: Completer<ServedCall>): boolean {
  if (!call) return false
  void defaultScheduler().enqueue(new SyncRequest(opcode, call.fd, completer, call))
  return true
}

function read(this: unknown, ...args: Arguments): void {
  const [fd, buffer, offset, length, position] = args
  let span: Span | undefined
  // Node, too, tells the overloads apart by the number of arguments.
  if (args.length > 4) {
    span = typeof offset === 'number' ? readArguments(buffer, offset, length, position) : undefined
  } else if (args.length === 4) {
    span = ArrayBuffer.isView(buffer) ? readArguments(buffer, offset, undefined, undefined) : undefined
  } else if (args.length === 3) {
    span = readArguments(buffer, undefined, undefined, undefined)
  }
  const callback = args[args.length > 4 ? 5 : args.length - 1]
  if (!serve(Opcode.read, span, [fd, callback, span?.views], readDone)) {
    leaveDescriptor(ofCallbacks.get('read'), this, args)
  }
}

/** Removes the callback, which comes last. */
function withoutCallback(args: Arguments): Arguments {
  return typeof args.at(-1) === 'function' ? args.slice(0, -1) : args
}

/** @param span undefined if the call is not plain: then Node gets it unchanged */
function leaveWrite(name: 'write' | 'writev', receiver: unknown, args: Arguments, span: Span | undefined): void {
  const leave = span ? leaveOne : leaveDescriptor
  leave(ofCallbacks.get(name), receiver, args)
}

function write(this: unknown, ...args: Arguments): void {
  const [fd, buffer, offset, length, position] = withoutCallback(args)
  const isPlain = args.length <= 4 || (args.length <= 6 && typeof offset === 'number')
  const isText = typeof buffer === 'string' && args.length <= 5
  let span: Span | undefined
  if (isText) span = textArguments(buffer, offset, length)
  else if (isPlain) span = writeArguments(buffer, offset, length, position)
  if (!serve(Opcode.write, span, [fd, args.at(-1), buffer], writeDone)) {
    leaveWrite('write', this, args, span)
  }
}

/** Converts the arguments of a transfer with several buffers. */
function vectorOf(args: Arguments): [span: Span | undefined, target: Target] {
  const [fd, buffers, position, callback = position] = args
  const span = vectorArguments(buffers, callback === position ? undefined : position)
  return [span, [fd, callback, buffers]]
}

function readv(this: unknown, ...args: Arguments): void {
  const [span, target] = vectorOf(args)
  if (!serve(Opcode.readv, span, target, readDone)) leaveDescriptor(ofCallbacks.get('readv'), this, args)
}

function writev(this: unknown, ...args: Arguments): void {
  const [span, target] = vectorOf(args)
  if (!serve(Opcode.writev, span, target, writeDone)) leaveWrite('writev', this, args, span)
}

function fsync(this: unknown, ...args: Arguments): void {
  if (!serveSync(Opcode.fsync, take(args[0], args[1]), fsyncDone)) leaveDescriptor(ofCallbacks.get('fsync'), this, args)
}

function fdatasync(this: unknown, ...args: Arguments): void {
  if (!serveSync(Opcode.fdsync, take(args[0], args[1]), fdatasyncDone)) {
    leaveDescriptor(ofCallbacks.get('fdatasync'), this, args)
  }
}

const ours = { read, write, readv, writev, fsync, fdatasync, fstat, close, closeSync }
for (const name of Object.keys(ours) as (keyof typeof ours)[]) resemble(ofCallbacks.get(name), ours[name])

/**
 * Functions that change a descriptor's attributes, with the number of arguments between it and the
 * callback.
 */
const changing = [
  { name: 'fchmod', attribute: attributes.chmod, least: 1, most: 1 },
  { name: 'fchown', attribute: attributes.chown, least: 2, most: 2 },
  { name: 'ftruncate', attribute: attributes.truncate, least: 0, most: 1 },
  { name: 'futimes', attribute: attributes.utimes, least: 2, most: 2 },
] as const

const changes = changing.map(({ name, attribute, least, most }) => {
  const done = completer(attribute.opcode, synced, true)

  /** Whether the engine has taken the call. */
  function serveChange(args: Arguments): boolean {
    const [fd] = args
    const given = args.slice(1, -1)
    if (given.length < least || given.length > most || !isDescriptor(fd) || !servesFiles()) return false
    const request = attribute.plain(given)
    const call = request && take(fd, args.at(-1))
    if (!call) return false
    void defaultScheduler().enqueue(request(fd, done, call))
    return true
  }

  const ours = function (this: unknown, ...args: Arguments): void {
    // Behind a call of Node's, Node keeps the order.
    if (isUnderWay(args[0])) leaveOne(ofCallbacks.get(name), this, args)
    else if (!serveChange(args)) leaveDescriptor(ofCallbacks.get(name), this, args)
  }
  return [name, resemble(ofCallbacks.get(name), ours)] as const
})

const open: PathFunction = {
  ...openFile,
  value(fd) {
    descriptors.forget(fd)
    return fd
  },
}

const onPaths = [...callbackPathFunctions, ...(closesDescriptors ? [open] : [])].map(
  (described) => [described.name, withCallback(described)] as const,
)

/** Replacements by name. */
export const callbackReplacements: Readonly<Record<string, Own>> = {
  ...ours,
  ...Object.fromEntries([...changes, ...onPaths]),
}
