/** Has the kernel fetch what is around a page that is read, into its own cache. */
import { now } from '../../common/clock.js'
import type { Context } from '../../engine/context.js'
import { advise } from '../advice.js'

/** milliseconds after which ranges are asked for again: the kernel may have dropped them */
const AGAIN = 1000

/** Codes of errors that say that the kernel cannot be asked for this file. */
const REFUSALS = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ESPIPE', 'EPERM'])

/** The open file, and callbacks that count its operations in flight. */
export interface FileAround {
  readonly fd: number
  readonly begun: () => void
  readonly ended: () => void
}

export class ReadAround {
  readonly #file: FileAround
  readonly #bytes: number
  /** ranges, each `bytes` long, by number: those that the kernel is being asked for, and was lately */
  readonly #asking = new Map<number, Promise<void>>()
  readonly #begun = new Set<number>()
  #since = 0
  #isRefused = false

  /** @param bytes of a range: the file is divided into ranges, and that of the page is fetched */
  constructor(file: FileAround, bytes: number) {
    this.#file = file
    this.#bytes = bytes
  }

  /**
   * Asks for the range of a position.
   * @returns resolves when the kernel has begun to fetch it, so that a read there waits for that;
   * undefined if it has already
   */
  fetch(position: number, context: Context): Promise<void> | undefined {
    if (this.#isRefused) return undefined
    const time = now()
    if (time - this.#since > AGAIN) {
      this.#begun.clear()
      this.#since = time
    }
    const range = Math.floor(position / this.#bytes)
    if (this.#begun.has(range)) return undefined
    let asking = this.#asking.get(range)
    if (!asking) this.#asking.set(range, (asking = this.#ask(range, context)))
    return asking
  }

  async #ask(range: number, context: Context): Promise<void> {
    this.#file.begun()
    try {
      await advise(this.#file.fd, 'willneed', range * this.#bytes, this.#bytes, { context })
      this.#begun.add(range)
    } catch (error) {
      // Any other failure is the read's, too.
      this.#isRefused ||= REFUSALS.has((error as NodeJS.ErrnoException).code ?? '')
    } finally {
      this.#asking.delete(range)
      this.#file.ended()
    }
  }
}
