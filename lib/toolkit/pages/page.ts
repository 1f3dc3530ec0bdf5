/** Page: the content of one page, in the cache's own memory, while it is held. */
import type { Frame, PageCache } from './cache.js'
import { invalidState } from '../../common/errors.js'

const { process } = globalThis

/** One in so many pages is watched for a missing release: watching each would cost more than a hit in the cache. */
const WATCHED = 64

let given = 0
let hasWarned = false

const lost = new FinalizationRegistry<string>((path) => {
  if (hasWarned) return
  hasWarned = true
  const message = `a page of ${path} was collected without having been released: its place in the cache is lost`
  process.emitWarning(message, { code: 'CAIO_PAGE_LEAKED', type: 'CaioWarning' })
})

/**
 * A page of a {@link PageFile}, held until it is released: `using page = await file.page(7)`. The
 * content of a held page does not change: a write to the page uses other memory. Do not write to
 * its bytes.
 */
export class Page {
  /** page number */
  readonly number: number
  readonly #cache: PageCache
  #frame: Frame | undefined
  readonly #isPassing: boolean
  readonly #isWatched: boolean

  /** @internal */
  constructor(cache: PageCache, frame: Frame, number: number, isPassing: boolean) {
    this.number = number
    this.#cache = cache
    this.#frame = frame
    this.#isPassing = isPassing
    frame.pins++
    this.#isWatched = ++given % WATCHED === 0
    if (this.#isWatched) lost.register(this, cache.path, this)
  }

  /**
   * The content, not a copy: `contentSize` bytes, read-only, valid until the release.
   * @throws `ERR_INVALID_STATE` once released
   */
  get bytes(): Buffer {
    return this.#held().content
  }

  /**
   * The same page for another holder, released separately.
   * @throws `ERR_INVALID_STATE` once released
   */
  retain(): Page {
    return new Page(this.#cache, this.#held(), this.number, this.#isPassing)
  }

  /**
   * Releases the page. Do not use its bytes any more.
   * @throws `ERR_INVALID_STATE` if it has been released
   */
  release(): void {
    const frame = this.#held()
    this.#frame = undefined
    if (this.#isWatched) lost.unregister(this)
    this.#cache.release(frame, this.#isPassing)
  }

  /** As {@link release}, unless the page has been released. */
  [Symbol.dispose](): void {
    if (this.#frame) this.release()
  }

  #held(): Frame {
    if (!this.#frame) throw invalidState('the page has been released')
    return this.#frame
  }
}
