/** What the programs use of packages that bring no types. */

declare module 'cacache' {
  import type { Readable, Writable } from 'node:stream'

  interface Entry {
    key: string
    integrity: string
    path: string
    size: number
    time: number
    metadata: unknown
  }
  interface Content {
    data: Buffer
    integrity: string
    metadata: unknown
    size: number
  }
  interface Options {
    algorithms?: string[]
    integrity?: string
    metadata?: unknown
    size?: number
    memoize?: boolean
  }
  interface Get {
    (cache: string, key: string, options?: Options): Promise<Content>
    byDigest(cache: string, integrity: string, options?: Options): Promise<Buffer>
    stream(cache: string, key: string, options?: Options): Readable
    info(cache: string, key: string): Promise<Entry | null>
    hasContent(cache: string, integrity: string): Promise<unknown>
    copy(cache: string, key: string, target: string): Promise<unknown>
  }
  interface Put {
    (cache: string, key: string, data: string | Buffer, options?: Options): Promise<string>
    stream(cache: string, key: string, options?: Options): Writable
  }
  interface Rm {
    (cache: string, key: string): Promise<unknown>
    content(cache: string, integrity: string): Promise<unknown>
    all(cache: string): Promise<unknown>
  }
  const cacache: {
    get: Get
    put: Put
    rm: Rm
    ls(cache: string): Promise<Record<string, Entry>>
    verify(cache: string): Promise<Record<string, unknown>>
    clearMemoized(): unknown
  }
  export default cacache
}
