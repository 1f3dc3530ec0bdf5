/** Completers: turn the outcome of a request into the caller's result. */
import type { Views } from '../protocol/port.js'

/**
 * The API that a caller used: a Context, a FileHandle, a function of `caio/fs`, or one of `node:fs`
 * with a callback.
 */
export type Api = 'context' | 'filehandle' | 'promise' | 'callback'

/**
 * Turns what a backend reports into what the caller awaits. One object per kind of call, shared by
 * all of its requests.
 * @typeParam Caller the type of the request's `caller`
 */
export interface Completer<Caller = unknown> {
  /** the name in events; undefined for a Context */
  readonly api?: Api
  /**
   * The first request of an idle Context is handed over with the call, as in Node: what the caller
   * does next in the same tick (changing the directory or umask, looking at the file, ending the
   * process) comes after it.
   */
  readonly atOnce?: true
  /** Passes failures to `value`, too, as negative results, instead of rejecting. */
  readonly takesFailures?: true
  /**
   * Whether a failed request keeps its place among requests on the same path, because its maker
   * then does the same in another way. The place ends when the promise that `value` returns is
   * settled.
   */
  keepsPlace?(result: number, caller: Caller): boolean
  /** Makes the value that fulfils the promise. Must not throw. */
  value(transferred: number, views: Views, caller: Caller): unknown
  /**
   * Provides memory when the request starts, so that a waiting request holds none: returns the
   * views that replace its original ones. Must not throw.
   */
  lend?(views: Views): Views
  /** Called when the views are no longer in use, whatever the result. */
  released?(caller: Caller): void
  /** Called with the error that the promise is rejected with. */
  failed?(caller: Caller, error: Error): void
}

/** Fulfils with the bare result, negative for a failure. */
export const asResult: Completer<undefined> = { atOnce: true, takesFailures: true, value: (result) => result }
