import { Context } from './context.js'

let context: Context | undefined

/** The Context that `caio/fs` uses in this thread, made when it is first needed. Do not close it. */
export function defaultContext(): Context {
  return (context ??= new Context())
}
