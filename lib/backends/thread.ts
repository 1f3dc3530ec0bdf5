/** The addon's own pool of `CAIO_THREADS` threads (default 4), separate from libuv's. */
import { EngineKind } from '../protocol/port.js'
import { errnoException } from '../common/errors.js'
import { NativeBackend, OF_NATIVE } from './native.js'

export class ThreadBackend extends NativeBackend {
  readonly name = 'thread'
  readonly supports = OF_NATIVE

  constructor() {
    super(EngineKind.thread, (errno, step) => `its probe failed: ${errnoException(errno, step).message}`)
  }
}
