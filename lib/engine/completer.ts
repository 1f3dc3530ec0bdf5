/** What becomes of a request once it is served. */
import type { Views } from '../protocol/port.js'

/** What a caller called: a Context, a FileHandle, a function of `caio/fs`, or one of `node:fs` with a callback. */
export type Api = 'context' | 'filehandle' | 'promise' | 'callback'

/**
 * Turns what a backend reports into what the caller awaits. One object per kind of call, shared by
 * all of its requests.
 * @typeParam Caller what the request's maker has given it for this
 */
export interface Completer<Caller = unknown> {
  /** as events name it; none for a Context */
  readonly api?: Api
  /**
   * The first of an idle Context is handed over with the call, as Node does it: what the caller does next in the same tick (another
   * current directory or umask, a program that looks at the file, the end of the process) comes after it.
   */
  readonly atOnce?: true
  /** Failures come to `value`, too, as negative results: the caller makes its own of them. */
  readonly takesFailures?: true
  /**
   * Whether a failed request keeps its place among those that name the same path, since its maker does the same in another way: until
   * the promise that `value` then gives is settled.
   */
  keepsPlace?(result: number, caller: Caller): boolean
  /** What the promise is fulfilled with. Must not throw. */
  value(transferred: number, views: Views, caller: Caller): unknown
  /**
   * The memory of a request that has none before it is started, so that what waits takes none: the views in place of those that it
   * was made with. Must not throw.
   */
  lend?(views: Views): Views
  /** Called when nothing uses the views any more, whatever the result. */
  released?(caller: Caller): void
  /** Called with the error that the promise is rejected with. */
  failed?(caller: Caller, error: Error): void
}

/** Of a caller that makes its own of the number: the result, negative for a failure. */
export const asResult: Completer<undefined> = { atOnce: true, takesFailures: true, value: (result) => result }
